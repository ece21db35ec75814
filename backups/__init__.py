"""Backups with PostgreSQL's own tools: base backups, WAL, dumps; encrypted, verified, restored. See ADR 37."""
