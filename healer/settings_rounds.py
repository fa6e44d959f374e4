"""Settings of the rounds, the scheduled flows that look at everything; a part of the flows' (`healer.settings`, which reads them)."""

from pydantic import BaseModel, Field


class RoundSettings(BaseModel):
    """How long the rounds wait, how far they look, and what the impact report assumes."""

    reconcile_pending_s: float = Field(default=30, gt=0)
    reconcile_silent_s: float = Field(default=120, gt=0)
    reconcile_agent_s: float = Field(default=45 * 60, gt=0)
    """How long a case may be without an event before `reconcile` takes it on: after a failed step (doubled with each
    repetition), at work, while an agent works. What goes on all the same is harmed by no repetition."""
    reconcile_no_bill_days: int = Field(default=7, ge=1, le=92)
    """After so many days a portal without a new bill is looked at again, where the cadence of its bills does not say when."""
    reconcile_dead_run_s: float = Field(default=300, gt=0)
    """How long a flow run may send no heartbeat (one each 30 s) before `reconcile` marks it as crashed in Prefect."""
    reconcile_gate_start_s: float = Field(default=1800, gt=0)
    """After so long without a beginning a gate run is told of: the event `gate_waits`, and Prefect's automation for it."""
    jira_command_group: str | None = None
    """The JIRA group whose members may command by comments on tickets; without it nobody may."""
    dashboard: bool = False
    """Whether `reconcile` keeps the dashboard, an issue in the importers repository."""
    sweep_hours: int = Field(default=72, ge=1, le=720)
    """`sweep` looks at tickets that were written in so many hours: longer than Workato may be away."""
    sweep_after_minutes: int = Field(default=10, ge=0, le=1440)
    """So long Workato has to deliver a ticket by itself."""
    watch_inputs: int = Field(default=3, ge=1)
    watch_hours: float = Field(default=48, gt=0, le=24 * 30)
    watch_success: float = Field(default=0.5, ge=0, le=1)
    watch_fill: float = Field(default=0.5, ge=0, le=1)
    """`watch` alarms where of at least so many fetches in so many hours less than this share succeeded, or brought less than
    this share of the usual bills."""
    watch_cooldown_hours: float = Field(default=72, ge=0)
    watch_tickets_per_day: int = Field(default=5, ge=0)
    """How long an importer's alarm opens no second ticket, and how many tickets all alarms may open in 24 hours; 0 opens none."""
    watch_probe_hours: float = Field(default=3, ge=0)
    watch_probes_per_day: int = Field(default=10, ge=0)
    """How long a portal's answer to `watch` counts, and how many portals it asks in 24 hours; 0 asks none."""
    family_days: float = Field(default=7, ge=0)
    family_checks_per_day: int = Field(default=10, ge=0)
    """For so long after a proved fix `family` looks at the importer's siblings, by so many gate runs in 24 hours; 0 sends none."""
    retention_case_days: float = Field(default=0, ge=0)
    """How long after its last write `retention` keeps a case that is over; 0 keeps every case. Its receipt stays."""
    retention_run_days: float = Field(default=90, ge=0)
    """How long after its end `retention` keeps a flow run in Prefect, with its logs, steps and artifacts: what an agent did, call by
    call, is there and nowhere else. 0 keeps every run. No case needs one."""
    hours_per_fix: float = Field(default=12.0, ge=0)
    hours_per_review: float = Field(default=0.5, ge=0)
    """What `digest` assumes that an engineer needs for one fix by hand, and for the review of one pull request."""
