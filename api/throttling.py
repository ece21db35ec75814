"""Request limits per actor, counted in Redis."""

import logging
import math
import time
from typing import Any

from django.conf import settings
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from database.valkey import client as redis
from identity.actor import Actor
from identity.proxies import client_address

logger = logging.getLogger(__name__)
WINDOW_S = 60


class RequestsPerMinute(BaseThrottle):
    """
    A fixed window of one minute per actor; strangers count by address.

    Without Redis nothing is counted and the work goes on: a limit protects the service, it is not its lock.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        actor = getattr(request, "_auth", None)  # not `auth`, which would ask again who this is
        who = actor.key if isinstance(actor, Actor) else client_address(request)
        now = time.time()
        self.reset_s = math.ceil(WINDOW_S - now % WINDOW_S)
        key = f"palpate:requests:{who}:{int(now // WINDOW_S)}"
        try:
            counter = redis(settings.REDIS_URL)
            used = int(counter.incr(key))
            if used == 1:
                counter.expire(key, 2 * WINDOW_S)
        except RedisError:
            logger.warning("request limits are not counted: Redis does not answer")
            return True
        limit = settings.API_REQUESTS_PER_MINUTE
        # Read by the base view.
        request._request.rate_limit = (limit, max(0, limit - used), self.reset_s)  # type: ignore[attr-defined]
        return used <= limit

    def wait(self) -> float:
        return self.reset_s
