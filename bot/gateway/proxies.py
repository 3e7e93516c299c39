"""Who a client is where proxies stand before us: the last address that none of them has, by X-Forwarded-For."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from aiohttp import web

Address = IPv4Address | IPv6Address
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
WRITTEN = re.compile(r'"?(?:\[(?P<v6>[^\]]*)\](?::\d+)?|(?P<v4>[\d.]+):\d+|(?P<bare>[^"\s]*))"?')
LONGEST = 64  # characters of an address, with brackets and a port
PROXIED = web.RequestKey("proxied", bool)  # came by a proxy of ours, whose headers are true


def peeled(proxies: str) -> Any:
    """A middleware that gives `request.remote` of the client. `proxies`: addresses and networks. Raises `ValueError`."""
    trusted = [ip_network(one, strict=False) for one in proxies.replace(",", " ").split()]

    def is_ours(address: Address) -> bool:
        return any(address in network for network in trusted)

    @web.middleware
    async def peel(request: web.Request, handler: Handler) -> web.StreamResponse:
        client = address_of(request.remote or "")
        if client is None:
            return await handler(request)
        proxied = is_ours(client)
        hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",") if proxied else []
        for hop in reversed(hops):
            if not is_ours(client) or (before := address_of(hop)) is None:
                break  # what is no address was not written by a proxy of ours: whoever sent it is the client
            client = before
        if str(client) != request.remote:
            request = request.clone(remote=str(client))
        request[PROXIED] = proxied
        return await handler(request)

    return peel


def address_of(hop: str) -> Address | None:
    """The address in one part of the header, the same however it is written: with a port, in brackets, IPv4 within IPv6."""
    plain = hop.strip()
    found = WRITTEN.fullmatch(plain) if len(plain) <= LONGEST else None
    try:
        address = ip_address(found["v6"] or found["v4"] or found["bare"]) if found else None
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
