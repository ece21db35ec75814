"""Django's application; `clinic.asgi` serves it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
os.environ.setdefault("IS_WEB", "1")

application = get_wsgi_application()
