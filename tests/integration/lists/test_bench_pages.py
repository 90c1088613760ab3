"""What `alcada bench pages` measures is made, and its pages answer: nobody runs it between one release and the next."""

import pytest
from django.db import connection
from django.test import Client

from alcada.config.bench import pages, pages_data
from alcada.intake.models import Entry


@pytest.mark.django_db(transaction=True)
def test_the_data_is_made_and_each_page_answers(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            pytest.skip(
                "the data passes by the guards of what is append-only, which this server does not let us"
            )
    pages_data.make(120, 3, lambda _said: None)
    assert Entry.objects.count() == 120
    for viewer, user, asked in pages._viewers():
        client.force_login(user)
        for page in asked:
            # An approver has no directory.
            assert client.get(page.address()).status_code in (200, 403), (viewer, page.name)
        assert client.get("/entries").context["rows"], viewer
