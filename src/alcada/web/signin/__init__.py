"""Signing in with django-allauth: its flows, behind pages of ours. What it brings besides has no address."""
