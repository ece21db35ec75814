"""
The baseline: the same sessions and assessments served by plain Django REST framework, as its tutorial would have it.

ModelViewSet, nested ModelSerializer, prefetch_related, PageNumberPagination. No tokens, no tenants, no audit trail, no
signatures: it does less, which is in its favour.
"""
