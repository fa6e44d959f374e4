"""The runners of a world: their names, and the folders that each has, as on a machine of its own."""

from localworld.layout import Layout


def names(layout: Layout) -> list[str]:
    """Name the runners: `runner`, `runner-2`, and so on."""
    return ["runner", *(f"runner-{number}" for number in range(2, layout.plan.runners + 1))]


def settings(layout: Layout, name: str) -> dict[str, str]:
    """Give a runner's settings."""
    told = layout.flow_settings()
    if name == "runner":
        return told
    return {
        **told,
        "PREFECT_HOME": str(layout.root / f"prefect-{name}"),
        "HEALER_WORK_DIR": str(layout.root / f"work-{name}"),
    }
