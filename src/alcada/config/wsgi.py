"""The web process's application, for waitress or any WSGI server."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alcada.config.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
