"""Sources that are read over a network: the hub, Git hosts, ModelScope, papers, plain addresses.

They need the extra ``openassay[online]``; nothing here is imported before an online target is
opened. Everything goes through one session, see :mod:`openassay.sources.online.web`.
"""
