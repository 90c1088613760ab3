"""The queue's tasks and the timetable. Each is: load, call, done. All are safe to run twice."""

from datetime import date

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from alcada.connections.bulk import imports
from alcada.flow import actions as flow
from alcada.flow import corrected, digest, exporting, incidents, mapping, patching, returning, twins
from alcada.flow import sweep as flow_sweep
from alcada.flow.importing import work as spreadsheets
from alcada.notify import consent_mail, mail, people_mail
from alcada.people import sessions
from alcada.posting import bulk as bulks

# A database that was away for a moment; of a directory also an account that was, or had no call to spare.
RETRY = RetryStrategy(max_attempts=5, exponential_wait=3)


@app.task(name="alcada.jobs.tasks.follow", retry=RETRY)
def follow(posting_id: int) -> None:
    """Go on with the flow after posting."""
    flow.after_posting(posting_id)


@app.task(name="alcada.jobs.tasks.correct", retry=RETRY)
def correct(correction_id: int) -> None:
    """Make an approved correction in Conta Azul."""
    patching.correct(correction_id)


@app.task(name="alcada.jobs.tasks.tell_correction", retry=RETRY)
def tell_correction(correction_id: int) -> None:
    """Say that a correction waits for a person."""
    corrected.tell_stopped(correction_id)


@app.task(name="alcada.jobs.tasks.search_twins", retry=RETRY)
def search_twins(revision_ids: list[int]) -> None:
    """Search the account's own books for entries like these."""
    twins.search(revision_ids)


@app.task(name="alcada.jobs.tasks.sync_directory", retry=RETRY)
def sync_directory(connection_id: int) -> None:
    """Fetch categories, cost centres and bank accounts."""
    mapping.fetch(connection_id)


@app.task(name="alcada.jobs.tasks.send_mails")
def send_mails() -> None:
    """Send what is to be mailed. What fails is due again later: the timetable sees to it."""
    mail.run()


@app.periodic(cron="* * * * *")
@app.task(name="alcada.jobs.tasks.queue_digests", queueing_lock="queue_digests", pass_context=False)
def queue_digests(timestamp: int) -> None:
    """Every minute: whose daily digest is due."""
    digest.queue_due()


@app.task(name="alcada.jobs.tasks.digest", retry=RETRY)
def make_digest(user_id: int, day: str) -> None:
    """Make a person's digest of their day, unless it was made."""
    digest.make(user_id, date.fromisoformat(day))


@app.task(name="alcada.jobs.tasks.send_consent_link", retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def send_consent_link(link_id: int) -> None:
    """Send a consent link by e-mail."""
    consent_mail.send(link_id)


@app.task(name="alcada.jobs.tasks.send_invitation", retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def send_invitation(invitation_id: int) -> None:
    """Send an invitation by e-mail."""
    people_mail.send_invitation(invitation_id)


@app.task(name="alcada.jobs.tasks.send_forgotten", retry=RetryStrategy(max_attempts=8, exponential_wait=4))
def send_forgotten(user_id: int) -> None:
    """Send the link for a new password to who asked for it."""
    people_mail.send_forgotten(user_id)


@app.task(name="alcada.jobs.tasks.bulk_import", retry=RETRY)
def bulk_import(import_id: int) -> None:
    """Make what a file of companies, rules and mappings asks for."""
    imports.run(import_id)


@app.task(name="alcada.jobs.tasks.export_entries", retry=RETRY)
def export_entries(export_id: int) -> None:
    """Write a list of entries to the file that somebody asked for."""
    exporting.run(export_id)


@app.periodic(cron="* * * * *")
@app.task(name="alcada.jobs.tasks.sweep_exports", queueing_lock="sweep_exports", pass_context=False)
def sweep_exports(timestamp: int) -> None:
    """Every minute: exports whose worker died, and files whose days are over."""
    exporting.sweep()


@app.task(name="alcada.jobs.tasks.import_sheet", retry=RETRY)
def import_sheet(import_id: int) -> None:
    """Go on with a spreadsheet: read it, check its lines, or make what they say."""
    spreadsheets.go_on(import_id)


@app.periodic(cron="* * * * *")
@app.task(name="alcada.jobs.tasks.sweep", queueing_lock="sweep", pass_context=False)
def sweep(timestamp: int) -> None:
    """Every minute: what a killed worker or a lost job left behind goes on."""
    flow_sweep.sweep()


@app.periodic(cron="*/15 * * * *")
@app.task(name="alcada.jobs.tasks.sync_directories", queueing_lock="sync_directories")
def sync_directories(timestamp: int) -> None:
    """Every quarter of an hour: each account's categories and accounts."""
    flow_sweep.queue_directory_syncs()


@app.periodic(cron="17 6,15 * * *")
@app.task(name="alcada.jobs.tasks.clear_sessions", queueing_lock="clear_sessions", pass_context=False)
def clear_sessions(timestamp: int) -> None:
    """Each night (the queue's clock is UTC), and at noon where machines sleep at night: sessions that are over."""
    sessions.clear()


@app.task(name="alcada.jobs.tasks.bulk", retry=RETRY)
def bulk(bulk_id: int) -> None:
    """Go on with what somebody asked for many postings."""
    bulks.run(bulk_id)


@app.task(name="alcada.jobs.tasks.tell_incident", retry=RETRY)
def tell_incident(incident_id: int) -> None:
    """Say that an account stopped, or take it back."""
    incidents.tell(incident_id)


@app.task(name="alcada.jobs.tasks.poll", retry=RETRY)
def poll(connection_id: int) -> None:
    """Ask one account what became of what we posted."""
    returning.poll(connection_id)


@app.periodic(cron="* * * * *")
@app.task(name="alcada.jobs.tasks.queue_polls", queueing_lock="queue_polls", pass_context=False)
def queue_polls(timestamp: int) -> None:
    """Every minute: accounts whose poll begins, or got lost."""
    returning.queue_polls()
