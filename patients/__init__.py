"""Who is treated: identity, contact and consent to contact, conditions and alerts."""
