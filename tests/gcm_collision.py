"""One ciphertext for two keys: why AES-GCM alone does not bind a ciphertext to its key (Dodis et al. 2018; Albertini et al. 2022).

With the nonce and the associated data given, the tag is a polynomial over GF(2^128) in the ciphertext's blocks; one free block makes the
tags under both keys equal.
"""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_REDUCTION = 0xE1 << 120
_BLOCK = 16


def _times(x: int, y: int) -> int:
    """Multiply in GCM's field (NIST SP 800-38D, section 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (_REDUCTION if y & 1 else 0)
    return product


def _inverse(x: int) -> int:
    """Raise to 2^128 - 2."""
    result, square = 1 << 127, x
    for _ in range(127):
        square = _times(square, square)
        result = _times(result, square)
    return result


def _encrypt_block(key: bytes, block: bytes) -> int:
    cipher = Cipher(algorithms.AES256(key), modes.ECB()).encryptor()  # noqa: S305 - GCM is made of single blocks
    return int.from_bytes(cipher.update(block), "big")


def _hash(subkey: int, blocks: list[int]) -> int:
    state = 0
    for block in blocks:
        state = _times(state ^ block, subkey)
    return state


def colliding(keys: tuple[bytes, bytes], nonce: bytes, associated: bytes) -> bytes:
    """Give a ciphertext of one block, with its tag, that AES-GCM opens under both keys (32 bytes each; nonce of 12 bytes)."""
    padded = associated + bytes(-len(associated) % _BLOCK)
    known = [int.from_bytes(padded[at : at + _BLOCK], "big") for at in range(0, len(padded), _BLOCK)]
    lengths = (len(associated) * 8) << 64 | _BLOCK * 8
    subkeys = [_encrypt_block(key, bytes(_BLOCK)) for key in keys]
    masks = [_encrypt_block(key, nonce + b"\0\0\0\1") for key in keys]
    # tag = hash(…, free, lengths) + mask, and the free block counts times the square of the subkey.
    without = [_hash(subkey, [*known, 0, lengths]) ^ mask for subkey, mask in zip(subkeys, masks, strict=True)]
    squares = [_times(subkey, subkey) for subkey in subkeys]
    free = _times(without[0] ^ without[1], _inverse(squares[0] ^ squares[1]))
    tag = without[0] ^ _times(free, squares[0])
    return free.to_bytes(_BLOCK, "big") + tag.to_bytes(_BLOCK, "big")
