"""Measures Trede beside what somebody would use instead of it. See README.md here."""
