"""Who a client is where proxies stand before us: the last address that none of them has, by X-Forwarded-For."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from ipaddress import ip_address, ip_network
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PROXIED = web.RequestKey("proxied", bool)  # came by a proxy of ours, whose headers are true


def peeled(proxies: str) -> Any:
    """A middleware that gives `request.remote` of the client. `proxies`: addresses and networks. Raises `ValueError`."""
    trusted = [ip_network(one, strict=False) for one in proxies.replace(",", " ").split()]

    def is_ours(address: str) -> bool:
        try:
            return any(ip_address(address) in network for network in trusted)
        except ValueError:
            return False

    @web.middleware
    async def peel(request: web.Request, handler: Handler) -> web.StreamResponse:
        remote = request.remote or ""
        if is_ours(remote):
            hops = [hop.strip() for hop in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",") if hop.strip()]
            client = next((hop for hop in reversed(hops) if not is_ours(hop)), hops[0] if hops else remote)
            request = request.clone(remote=client[:64])
            request[PROXIED] = True
        return await handler(request)

    return peel
