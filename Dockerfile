# Palpate for production: one image for web, worker, beat and the one-off preparation.
# The version is fixed as a tag, which was not read from a registry here; put the digest that you pulled behind it.
FROM python:3.12.12-slim AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.12.12-slim
RUN useradd --create-home --uid 10001 palpate && install -d -o palpate -g palpate -m 0700 /backups
WORKDIR /app
COPY --from=build /venv /venv
COPY --chown=root:root manage.py pyproject.toml ./
COPY --chown=root:root clinic clinic
COPY --chown=root:root errors errors
COPY --chown=root:root database database
COPY --chown=root:root identity identity
COPY --chown=root:root clock clock
COPY --chown=root:root uploads uploads
COPY --chown=root:root catalogue catalogue
COPY --chown=root:root api api
COPY --chown=root:root audit audit
COPY --chown=root:root accounts accounts
COPY --chown=root:root patients patients
COPY --chown=root:root worklist worklist
COPY --chown=root:root messaging messaging
COPY --chown=root:root patient_forms patient_forms
COPY --chown=root:root privacy privacy
COPY --chown=root:root records records
COPY --chown=root:root backups backups
COPY --chown=root:root assessments assessments
COPY --chown=root:root treatments treatments
COPY --chown=root:root homecare homecare
COPY --chown=root:root scheduling scheduling
COPY --chown=root:root changes changes
COPY --chown=root:root workspace workspace
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DJANGO_SETTINGS_MODULE=clinic.settings \
    STATIC_ROOT=/app/staticfiles
RUN SECRET_KEY=only-for-this-step-which-signs-nothing-and-serves-nobody \
    ENCRYPTION_KEYS=only-for-this-step-which-encrypts-nothing DATABASE_URL=postgresql://palpate_app@/build REDIS_URL=redis://build \
    python manage.py collectstatic --noinput
USER palpate
EXPOSE 8000
CMD ["gunicorn", "clinic.asgi", "--bind", "0.0.0.0:8000", "--workers", "2", \
     "--worker-class", "clinic.serving.Worker", "--preload", "--no-control-socket"]
