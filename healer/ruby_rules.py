"""What a change may not bring into an importer: rules over Ruby's syntax tree, applied to what is new.

New is what the file says now and did not say before, however the lines moved. The list is of what an importer never needs; it makes
cheating visible and clumsy, and does not replace the container, the network fence and the checks of the fetched bills.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from tree_sitter import Node

from healer import ruby
from healer.ruby_literals import bill_like, hosts_in, literal


class Finding(NamedTuple):
    """One place that breaks a rule. Findings with the same `code` and `key` are the same, wherever they stand."""

    code: str
    key: str
    line: int
    detail: str


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


_EVALUATES: Final = _named(
    "eval instance_eval class_eval module_eval instance_exec class_exec module_exec binding constantize const_get const_missing"
    " define_method define_singleton_method instance_variable_set class_variable_set remove_method undef_method alias_method"
    " remove_const set_trace_func public_method instance_method method_missing refine"
)
_RUNS: Final = _named(
    "system exec spawn fork syscall popen popen2 popen2e popen3 capture2 capture2e capture3 pipeline trap"
)
_ENDS: Final = _named("exit exit! abort at_exit")
_LOADS: Final = _named("load autoload require_dependency")
_SENDS: Final = _named("send __send__ public_send method try then_send")
_FORBIDDEN: Final = _EVALUATES | _RUNS | _ENDS | _LOADS
_CODES: Final = {
    **dict.fromkeys(_EVALUATES, "dynamic_code"),
    **dict.fromkeys(_RUNS, "process"),
    **dict.fromkeys(_ENDS, "exit"),
    **dict.fromkeys(_LOADS, "load"),
}
_REQUIRED: Final = _named("json date time bigdecimal nokogiri stringio pdf-reader csv set uri digest base64 cgi")
_CONSTANTS: Final = {
    **dict.fromkeys(_named("File IO Dir FileUtils Pathname Tempfile FileTest ARGF DATA Find Etc"), "files"),
    **dict.fromkeys(_named("Kernel Process Open3 PTY Shellwords Signal Thread Ractor Fiddle Gem Bundler ObjectSpace"), "process"),
    **dict.fromkeys(_named("Marshal YAML Psych PStore DRb ERB RubyVM TracePoint Binding Object BasicObject Module Class"), "dynamic_code"),
    **dict.fromkeys(_named("Socket TCPSocket UDPSocket TCPServer UNIXSocket BasicSocket Net"), "network"),
    **dict.fromkeys(_named("OpenURI Faraday HTTParty RestClient Typhoeus Excon Mechanize"), "network"),
    "VERIFY_NONE": "tls",
    "OpenSSL": "tls",
    "ENV": "environment",
}  # fmt: skip
_BILL_KEYS: Final = _named("account period_start period_end due_date amount currency meter_reading pdf pdf_sha256")
_NESTED: Final = frozenset({"class", "module", "singleton_class"})


def added(old: str, new: str, hosts: Sequence[str]) -> list[Finding]:
    """Give what breaks a rule in `new` and is not in `old`. Source that is no whole Ruby is a finding itself."""
    before, after = ruby.parse(old), ruby.parse(new)
    if before is None or after is None:
        return [Finding("unparsable", "", 1, "this is no whole Ruby, so it cannot be judged")]
    known = Counter((finding.code, finding.key) for finding in _findings(before, hosts))
    found = []
    for finding in _findings(after, hosts):
        if known[finding.code, finding.key] > 0:
            known[finding.code, finding.key] -= 1
        else:
            found.append(finding)
    return [*found, *_weaker(before, after)]


def _weaker(before: Node, after: Node) -> Iterator[Finding]:
    """Find checks that are gone: there is no code that one could point at."""
    fewer = _raises(before) - _raises(after)
    if fewer > 0:
        yield Finding("check_removed", "raise", 1, f"{fewer} `raise` or refusal check less than before")


def _raises(root: Node) -> int:
    return sum(
        1 for node in ruby.nodes(root) if node.type == "identifier" and ruby.said(node) in {"raise", "refused!", "fail"}
    )


def _findings(root: Node, hosts: Sequence[str]) -> Iterator[Finding]:
    for node in ruby.nodes(root):
        for rule in _RULES.get(node.type, ()):
            yield from rule(node)
        if node.type in {"string", "heredoc_body", "bare_string", "regex", "delimited_symbol"}:
            yield from _text(node, hosts)


def _finding(code: str, node: Node, detail: str, key: str | None = None) -> Finding:
    return Finding(code, ruby.said(node) if key is None else key, ruby.line_of(node), detail)


# ---------------------------------------------------------------- calls and names


def _called(node: Node) -> Iterator[Finding]:
    name, args = ruby.field(node, "method"), ruby.arguments(node)
    if name in _FORBIDDEN:
        yield _finding(_CODES[name], node, f"`{name}` has no place in an importer")
    elif name in _SENDS and _hides(name, args):
        yield _finding("dynamic_code", node, f"`{name}` calls what cannot be read here")
    elif name == "open" and ruby.field(node, "receiver") in {"", "URI", "self"}:
        yield _finding("process", node, "`open` starts programs and opens files")
    elif name in {"require", "require_relative"} and not _may_require(name, args):
        yield _finding("load", node, f"`{name}` of something that importers do not use")
    elif name.startswith("verify_") and name.endswith("="):
        yield _finding("tls", node, "TLS verification is not an importer's business")


def _hides(name: str, args: list[Node]) -> bool:
    target = ruby.plain(args[0]) if args else None
    if target is None:
        return name != "try" or not args
    return target in _FORBIDDEN | _SENDS | {"open"}


def _may_require(name: str, args: list[Node]) -> bool:
    target = ruby.plain(args[0]) if len(args) == 1 else None
    return name == "require" and target in _REQUIRED


def _bare(node: Node) -> Iterator[Finding]:
    """Judge a call without arguments, which is a mere identifier."""
    parent, name = node.parent, ruby.said(node)
    is_method = parent is not None and parent.type == "call" and parent.child_by_field_name("method") == node
    if name in _FORBIDDEN and not is_method:
        yield _finding(_CODES[name], node, f"`{name}` has no place in an importer")


def _symbol(node: Node) -> Iterator[Finding]:
    name = (ruby.plain(node) or "").removesuffix("=")
    if name in _FORBIDDEN:
        yield _finding(_CODES[name], node, f"`{name}` has no place in an importer")
    if name in {"verify_mode", "verify_hostname"}:
        yield _finding("tls", node, "TLS verification is not an importer's business")


def _constant(node: Node) -> Iterator[Finding]:
    name = ruby.said(node)
    code = _CONSTANTS.get(name)
    if code and not (name == "ENV" and _reads_own_setting(node)):
        yield _finding(code, node, f"`{name}` is not for importers")


def _reads_own_setting(node: Node) -> bool:
    """`ENV["PORTAL_…"]` and `ENV.fetch("OUT_DIR")` are what an importer may read."""
    use = node.parent
    if (
        use is None
        or (use.type == "call" and ruby.field(use, "method") != "fetch")
        or use.type not in {"call", "element_reference"}
    ):
        return False
    args = ruby.arguments(use)
    name = ruby.plain(args[0]) if len(args) == 1 else None
    written = (
        use.parent is not None and use.parent.type == "assignment" and use.parent.child_by_field_name("left") == use
    )
    return not written and name is not None and (name.startswith("PORTAL_") or name == "OUT_DIR")


def _global(node: Node) -> Iterator[Finding]:
    yield _finding("global", node, "global variables are not for importers")


def _never(code: str, detail: str) -> Callable[[Node], Iterator[Finding]]:
    def rule(node: Node) -> Iterator[Finding]:
        yield _finding(code, node, detail)

    return rule


def _defined(node: Node) -> Iterator[Finding]:
    yield _finding(
        "new_class",
        node,
        "classes and modules are not for an agent to open",
        ruby.field(node, "name") or ruby.field(node, "value"),
    )


def _assigned(node: Node) -> Iterator[Finding]:
    left = node.child_by_field_name("left")
    if left is not None and left.type == "call" and ruby.field(left, "method") in {"verify_mode", "verify_hostname"}:
        yield _finding("tls", node, "TLS verification is not an importer's business")


# ---------------------------------------------------------------- made-up results


def _swallows(node: Node) -> Iterator[Finding]:
    """Judge a rescue: one that does not raise again hides what went wrong."""
    body = node.child_by_field_name("body") if node.type == "rescue" else node.child_by_field_name("handler")
    if body is None or not any(
        ruby.said(part) in {"raise", "fail"} for part in ruby.nodes(body) if part.type == "identifier"
    ):
        yield _finding("rescue", node, "an error that is rescued must be raised again", ruby.said(body) if body else "")


def _returned(node: Node) -> Iterator[Finding]:
    listed = node.named_children[0].named_children if node.named_children else []
    if not listed or all(literal(value) for value in listed):
        yield _finding("constant_return", node, "a value that is written out takes the place of what the page says")


def _answers(node: Node) -> Iterator[Finding]:
    """Judge a method whose last word is written out: `def amount(row) = "12.50"`."""
    body = node.child_by_field_name("body")
    last = body.named_children[-1] if body and body.type == "body_statement" and body.named_children else body
    if last is not None and literal(last):
        yield _finding(
            "constant_return",
            last,
            "a method gives a value that is written out",
            f"{ruby.field(node, 'name')} {ruby.said(last)}",
        )


def _defaulted(node: Node) -> Iterator[Finding]:
    right = node.child_by_field_name("right")
    if ruby.field(node, "operator") in {"||", "or", "||="} and right is not None and literal(right):
        yield _finding(
            "default_value", node, "a default takes the place of what the page did not say", ruby.said(right)
        )


def _given(node: Node) -> Iterator[Finding]:
    key, value = ruby.field(node, "key").strip("\"':"), node.child_by_field_name("value")
    if key in _BILL_KEYS and value is not None and literal(value):
        yield _finding("constant_value", node, f"`{key}` is written out instead of read from the page")


def _number(node: Node) -> Iterator[Finding]:
    if bill_like(ruby.said(node)):
        yield _finding("bill_literal", node, "this looks like a value of a bill")


# ---------------------------------------------------------------- texts


def _text(node: Node, hosts: Sequence[str]) -> Iterator[Finding]:
    text = ruby.said(node)
    if bill_like(text):
        yield _finding(
            "bill_literal", node, "this looks like a value of a bill: a date, money, or a number of an account"
        )
    for scheme, host in hosts_in(text):
        if host not in hosts:
            yield _finding("new_host", node, "an address of another host, or of one that is made up at run time")
        elif scheme == "http":
            yield _finding("insecure_url", node, "an address without TLS")


_RULES: Final[dict[str, tuple[Callable[[Node], Iterator[Finding]], ...]]] = {
    "call": (_called,),
    "identifier": (_bare,),
    "constant": (_constant,),
    "simple_symbol": (_symbol,),
    "bare_symbol": (_symbol,),
    "hash_key_symbol": (_symbol,),
    "global_variable": (_global,),
    "assignment": (_assigned,),
    "subshell": (_never("process", "backticks start programs"),),
    "begin_block": (_never("exit", "BEGIN and END are not for importers"),),
    "end_block": (_never("exit", "BEGIN and END are not for importers"),),
    "uninterpreted": (_never("files", "__END__ hides data from the reader"),),
    "retry": (_never("retry", "retrying a login locks the account"),),
    "redo": (_never("retry", "retrying a login locks the account"),),
    "undef": (_never("dynamic_code", "methods stay as they are"),),
    "alias": (_never("dynamic_code", "methods stay as they are"),),
    "rescue": (_swallows,),
    "rescue_modifier": (_swallows,),
    "return": (_returned,),
    "method": (_answers,),
    "singleton_method": (_answers,),
    "binary": (_defaulted,),
    "operator_assignment": (_defaulted,),
    "pair": (_given,),
    "integer": (_number,),
    "float": (_number,),
    **dict.fromkeys(_NESTED, (_defined,)),
}
