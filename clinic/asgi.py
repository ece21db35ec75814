"""What gunicorn serves: Django's WSGI application behind `clinic.serving`."""

import os

from clinic.wsgi import application as django  # isort: skip - it names the settings first
from api.bodies import body_limit
from clinic.serving import Served

application = Served(django, body_limit=body_limit, threads=int(os.environ.get("WEB_THREADS", "4")))
