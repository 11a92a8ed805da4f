"""Measures this server and others under the same loads, one after another."""
