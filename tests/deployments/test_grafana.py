"""The Grafana dashboard shows what the gateway exports, and nothing else."""

import json
import re
from pathlib import Path

from api.metrics import Metrics, Shared

ROOT = Path(__file__).resolve().parents[2]
BOARD = json.loads((ROOT / "deployments/grafana/importer-healer.json").read_text())
TARGETS = [(panel, target) for panel in BOARD["panels"] for target in panel["targets"]]


def exported() -> dict[str, str]:
    """Give the names of all metrics by which Prometheus knows them, and their kinds."""
    text = Metrics().text(Shared({}, {}, 0)).decode()
    kinds = re.findall(r"^# TYPE (healer_\w+) (\w+)$", text, re.MULTILINE)
    return {name: kind for name, kind in kinds if not name.endswith("_created")}


def test_each_metric_is_exported_and_each_exported_one_is_shown():
    """A panel of a metric that nobody exports would be empty for ever; a metric without a panel is not looked at."""
    named = {name for _, target in TARGETS for name in re.findall(r"healer_\w+", target["expr"])}
    assert named == set(exported())


def test_labels_are_those_of_the_metric():
    """What an expression groups by, and what a legend shows, is a label of the metric."""
    counters = {
        f"{each._name}_total": set(each._labelnames)
        for each in vars(Metrics()).values()
        if hasattr(each, "_labelnames")
    }
    labels = {
        **counters,
        "healer_breaches_total": {"limit"},
        "healer_spent": {"ledger"},
        "healer_spend_limit": {"ledger"},
        "healer_line": set(),
    }
    for _, target in TARGETS:
        grouped = {
            label.strip() for group in re.findall(r"by \(([^)]*)\)", target["expr"]) for label in group.split(",")
        }
        shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        (known,) = {frozenset(labels[name]) for name in re.findall(r"healer_\w+", target["expr"])}
        assert shown <= grouped <= known, target["expr"]


def test_counters_are_read_as_growth():
    """A counter begins anew with its process, so that its value says nothing."""
    kinds = exported()
    for panel, target in TARGETS:
        for name in re.findall(r"healer_\w+", target["expr"]):
            assert (kinds[name] == "counter") is (f"increase({name}[" in target["expr"]), panel["title"]


def test_panels_stand_beside_each_other_and_say_what_they_are():
    """No two panels share a place or a number; each has a word for whoever sees a strange curve."""
    cells = [
        (place["x"] + dx, place["y"] + dy)
        for place in (panel["gridPos"] for panel in BOARD["panels"])
        for dx in range(place["w"])
        for dy in range(place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    assert [panel["title"] for panel in BOARD["panels"] if not panel["description"]] == []
