"""
The limit: the same bytes through psycopg, with nothing around them. One query for the stored documents of a page,
joined and sent; no framework, no token, no tenant.
"""

import os
from urllib.parse import parse_qs

from psycopg_pool import ConnectionPool

PAGE = "SELECT document FROM page WHERE patient = %s ORDER BY place LIMIT 50"
_pool = None


def page(pool, patient):
    with pool.connection() as connection:
        rows = connection.execute(PAGE, [patient], binary=True).fetchall()
    return b'{"results":[' + b",".join([row[0] for row in rows]) + b'],"next":null}'


def application(environ, start_response):
    global _pool
    if _pool is None:
        _pool = ConnectionPool(os.environ["BARE_DATABASE_URL"], min_size=1, max_size=8, open=True)
    query = parse_qs(environ["QUERY_STRING"])
    body = page(_pool, query["patient"][0])
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
