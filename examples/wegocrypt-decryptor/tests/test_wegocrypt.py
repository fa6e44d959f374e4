"""The rules of Importer Healer's vault, kept by WegoCrypt. The samples are made up: values that a test may show."""

from pydantic import SecretStr

from healer.conformance import Sample, broken_rules
from wegocrypt_decryptor import make

KEY = SecretStr("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
SAMPLES = [
    Sample(
        sealed="AAECAwQFBgcICQoLV5L4Q6It27bFALmWb5Sp9ZLaKwh7OGUzGGOOyJumhzuBDHdcOJG2dD23X5KOrM8jxOWj/Y5fmFrT7iQxuL0EUgy0P9BW",
        ref="brightwater-main",
        fields={"username": "robot-77", "password": "correct-horse"},
    )
]


def test_wegocrypt_keeps_the_rules() -> None:
    """Values open to their fields under their ref, and nothing else opens."""
    assert broken_rules(make([KEY]), SAMPLES) == []
