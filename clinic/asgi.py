"""What gunicorn serves: Django's WSGI application behind `clinic.serving`."""

import os
import tempfile

# With gunicorn's --preload this runs once, before the workers are forked: they count into one folder. Without it each
# worker counts for itself, and /metrics says what the one that answers has counted.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="palpate-metrics-"))

from clinic.wsgi import application as django  # isort: skip - it names the settings first
from api.bodies import body_limit
from clinic.serving import Served

application = Served(django, body_limit=body_limit, threads=int(os.environ.get("WEB_THREADS", "4")))
