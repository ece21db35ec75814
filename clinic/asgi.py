"""What gunicorn serves: Django's WSGI application behind `clinic.serving`."""

import os

from clinic.bodies import body_limit
from clinic.serving import Served
from clinic.wsgi import application as django

application = Served(django, body_limit=body_limit, threads=int(os.environ.get("WEB_THREADS", "4")))
