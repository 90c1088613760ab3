"""The web process's application, for waitress or any WSGI server."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alcada.config.settings")

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

application = get_wsgi_application()

# What is loaded stays loaded. A collection that walks all of it takes a tenth of a second of somebody's page; with the
# usual thresholds one page in eight paid that, where lists are long (`alcada bench pages`).
_ = get_resolver().url_patterns  # the pages' code, which the first request would load
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
