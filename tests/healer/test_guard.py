"""The guard: what an agent's changes may be."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import make_importer
from healer.contracts import FileChange
from healer.guard import LARGEST_FILE, MOST_FILES, MOST_LINES, judge

PATH = "lib/gatherers/brightwater.rb"
OLD = """# frozen_string_literal: true

class Brightwater < Gatherer
  def bill(row, account)
    raise SourceChanged, "no row" unless row

    Bill.new(
      account: account,
      amount: money(at!(row, "td.amount")),
      currency: "USD",
      due_date: date(at!(row, "td.due"), "%b %d, %Y")
    )
  rescue KeyError
    raise SourceChanged, "no key"
  end

  def total(row)
    money(at!(row, "td.total"))
  end
end
"""

EDITED = OLD.replace("td.amount", "td.sum")


def change(new=EDITED, **fields):
    return FileChange(
        **{
            "path": PATH,
            "status": "modified",
            "old_mode": "100644",
            "new_mode": "100644",
            "old_text": OLD,
            "new_text": new,
            "size": len(new or ""),
            **fields,
        }
    )


def codes(*changes, importer=None):
    return {refusal.code for refusal in judge(changes, importer or make_importer())}


def with_line(line):
    """Give the file with one more statement in a method."""
    return change(OLD.replace('    money(at!(row, "td.total"))\n', f'    {line}\n    money(at!(row, "td.total"))\n'))


def test_an_edited_selector_passes():
    """A change of a selector in an allowed file is refused by no rule."""
    assert judge([change()], make_importer()) == ()
    assert judge([change(OLD.replace('"td.amount"', "\"dt:contains('Amount due') + dd\""))], make_importer()) == ()


@pytest.mark.parametrize(
    "path",
    [
        ".github/workflows/ci.yml", ".claude/settings.json", ".mcp.json", "CLAUDE.md", "AGENTS.md", "Gemfile", "Gemfile.lock", "Rakefile",
        "lib/tasks/fetch.rake", "Dockerfile", "spec/brightwater_spec.rb", "fixtures/a.html", "recordings/brightwater.json",
        "importers.toml", "lib/gatherers/../../Rakefile", "/etc/passwd", ".git/config", "vendor/x.rb", "schema/bills.schema.json",
    ],
)  # fmt: skip
def test_what_decides_about_runs_is_protected_even_where_it_is_listed(path):
    """Workflows, agent settings, dependencies, tasks, specs, fixtures and recordings are refused, whatever the registry says."""
    assert "protected" in codes(change(path=path), importer=make_importer(paths=(path,)))


@given(st.text(min_size=1, max_size=60))
def test_any_other_path_is_refused(path):
    """Every path but the importer's own is refused."""
    refused = codes(change(path=path))
    assert path == PATH or refused & {"outside_paths", "look_alike"}


@pytest.mark.parametrize(
    "path",
    [
        "lib/gatherers/Brightwater.rb",
        "LIB/gatherers/brightwater.rb",
        "lib/gatherers/brightwater\u200b.rb",
        "lib/gatherers/\uff42rightwater.rb",
        unicodedata.normalize("NFKC", "lib/gatherers/brightwater\uff0erb").upper(),
    ],
)
def test_a_path_that_looks_like_an_allowed_one_is_called_so(path):
    """A path that differs by case, width or invisible characters only is refused as a look-alike."""
    assert "look_alike" in codes(change(path=path))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": "added", "old_text": None}, "added"),
        ({"status": "deleted", "new_text": None}, "deleted"),
        ({"status": "type_changed", "new_mode": "120000"}, "symlink"),
        ({"new_mode": "120000"}, "symlink"),
        ({"new_mode": "160000"}, "submodule"),
        ({"new_mode": "100755"}, "mode"),
        ({"old_mode": "100755", "new_mode": "100755"}, "mode"),
        ({"binary": True, "new_text": None}, "binary"),
        ({"new_text": None}, "unreadable"),
        ({"size": LARGEST_FILE + 1}, "too_large"),
    ],
)
def test_only_plain_files_are_edited(fields, code):
    """Additions, deletions, links, modes, binaries and large files are refused, each with its own code."""
    assert code in codes(change(**fields))


def test_few_files_and_lines():
    """Too many files, and too many lines, are refused."""
    assert "too_many_files" in codes(*[change()] * (MOST_FILES + 1))
    assert "too_many_lines" in codes(change(OLD + "# x\n" * (MOST_LINES + 1)))


@pytest.mark.parametrize("text", ["def broken(", OLD + "end\n", "<<<<<<< HEAD\n" + OLD])
def test_ruby_that_cannot_be_read_is_refused(text):
    """What does not parse cannot be judged, so it is refused."""
    assert codes(change(text)) == {"unparsable"}


def test_other_languages_are_refused():
    """A file that is not Ruby is refused, even where the registry lists it."""
    assert "not_ruby" in codes(change(path="lib/a.sh"), importer=make_importer(paths=("lib/a.sh",)))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("eval(row.text)", "dynamic_code"),
        ('row.instance_eval("x")', "dynamic_code"),
        ("send(row.name, 1)", "dynamic_code"),
        ("public_send(:system, 'ls')", "dynamic_code"),
        ("method(:exec).call('ls')", "dynamic_code"),
        ("row.name.constantize", "dynamic_code"),
        ("Object.const_get(row.name)", "dynamic_code"),
        ("%i[system].first", "process"),
        ("Marshal.load(row)", "dynamic_code"),
        ("YAML.unsafe_load(row)", "dynamic_code"),
        ('system("ls")', "process"),
        ('Kernel.exec "ls"', "process"),
        ("`ls`", "process"),
        ("%x(ls)", "process"),
        ("spawn 'ls'", "process"),
        ("Open3.capture2('ls')", "process"),
        ("IO.popen('ls')", "files"),
        ('open("|ls")', "process"),
        ("fork", "process"),
        ("OpenSSL::SSL::VERIFY_NONE", "tls"),
        ("http.verify_mode = 0", "tls"),
        ('get("http://my.brightwater.example/x")', "insecure_url"),
        ('get("https://collector.example/x")', "new_host"),
        ('get("//collector.example/x")', "new_host"),
        ('get("https://#{row.name}/x")', "new_host"),
        ('ENV["HOME"]', "environment"),
        ("ENV.to_h", "environment"),
        ('ENV["PORTAL_USERNAME"] = "x"', "environment"),
        ('File.read("/etc/passwd")', "files"),
        ("Dir.children('/')", "files"),
        ("::File.write('x', row)", "files"),
        ("Net::HTTP.get(row)", "network"),
        ("TCPSocket.new('x', 1)", "network"),
        ("exit", "exit"),
        ("abort 'x'", "exit"),
        ("at_exit { row }", "exit"),
        ("require 'open3'", "load"),
        ("require_relative '../other'", "load"),
        ("load 'x.rb'", "load"),
        ("$stderr.puts row", "global"),
        ("return []", "constant_return"),
        ('return "x" if row', "constant_return"),
        ("row ||= []", "default_value"),
        ('money(row) || "0"', "default_value"),
        ("money(row) rescue nil", "rescue"),
        ('Bill.new(account: "x", pdf: nil)', "constant_value"),
        ('row = "$123.45"', "bill_literal"),
        ('row = "1 234,56"', "bill_literal"),
        ('row = "2026-10-31"', "bill_literal"),
        ('row = "Oct 31, 2026"', "bill_literal"),
        ('row = "31 October"', "bill_literal"),
        ('row = "4471-00926-3"', "bill_literal"),
        ("row = 4471009", "bill_literal"),
        ("row = 123.45", "bill_literal"),
        ("row = :'2026-10-31'", "bill_literal"),
        ('token = "ghp_0123456789abcdefghijABCDEFGHIJ012345"', "secret"),
        ("row = 1 # \u202e hidden", "hidden_characters"),
    ],
)
def test_what_no_importer_needs_is_refused(line, code):
    """Each kind of added code that an importer never needs is refused with a stable code and its line."""
    refusals = judge([with_line(line)], make_importer())
    assert code in {refusal.code for refusal in refusals}
    assert all(refusal.path == PATH for refusal in refusals)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (OLD.replace('    raise SourceChanged, "no key"\n', "    nil\n"), "rescue"),
        (OLD.replace('    raise SourceChanged, "no row" unless row\n', ""), "check_removed"),
        (OLD.replace('    money(at!(row, "td.total"))\n', '    "x"\n'), "constant_return"),
        (
            OLD.replace('  def total(row)\n    money(at!(row, "td.total"))\n  end\n', "  def total(row) = []\n"),
            "constant_return",
        ),
        (OLD + "class String\n  def to_s\n    super\n  end\nend\n", "new_class"),
        (OLD.replace("class Brightwater < Gatherer", "class Other < Gatherer"), "new_class"),
        (OLD + "\n__END__\nsystem('ls')\n", "files"),
        (OLD.replace("  def total", "  alias money to_s\n\n  def total"), "dynamic_code"),
        (OLD.replace("  rescue KeyError\n", "  rescue KeyError\n    retry\n"), "retry"),
    ],
)
def test_cheating_is_refused(text, code):
    """Errors that are hidden, checks that are gone, answers that are written out and classes that are opened are refused."""
    assert code in codes(change(text))


def test_what_was_there_before_is_not_held_against_the_agent():
    """A rule looks at what is new: code that the file had already may stay and may move."""
    old = OLD.replace("  def total", '  def self.root\n    File.read("x") rescue nil\n  end\n\n  def total')
    moved = old.replace("# frozen_string_literal: true\n", "# frozen_string_literal: true\n\n# moved\n")
    assert judge([change(moved.replace("td.amount", "td.sum"), old_text=old)], make_importer()) == ()


@given(st.text(max_size=80))
def test_the_guard_answers_for_any_text(text):
    """Whatever a file says, the guard judges it and does not break."""
    judge([change(OLD + text)], make_importer())
