"""Calls the tool `notes` of an MCP server with the published SDK: python mcp_client.py URL REDIRECT_URI CLIENT_ID.

Prints the address where the user signs in, and reads the one that they come back to.
"""

import sys
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx2 as httpx
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata

url, redirect_uri, client_id = sys.argv[1:]


class Memory:
    """The client's registration, which exists already, and its tokens."""

    def __init__(self) -> None:
        self.tokens = None
        self.client = OAuthClientInformationFull(
            client_id=client_id, redirect_uris=[redirect_uri], token_endpoint_auth_method="none"
        )

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens) -> None:
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client) -> None:
        self.client = client


async def send_user(address: str) -> None:
    print("AUTHORIZE", address, flush=True)


async def come_back() -> AuthorizationCodeResult:
    line = await anyio.to_thread.run_sync(sys.stdin.readline)
    query = parse_qs(urlsplit(line.strip()).query)
    return AuthorizationCodeResult(code=query["code"][0], state=query["state"][0], iss=query["iss"][0])


async def main() -> None:
    metadata = OAuthClientMetadata(
        client_name="Inspector", redirect_uris=[redirect_uri], token_endpoint_auth_method="none"
    )
    provider = OAuthClientProvider(url, metadata, Memory(), send_user, come_back)
    async with httpx.AsyncClient(auth=provider, timeout=60) as http:
        async with streamable_http_client(url, http_client=http) as (read, write, *_):
            async with ClientSession(read, write) as session:
                await session.initialize()
                answer = await session.call_tool("notes", {})
                print(answer.content[0].text)


anyio.run(main)
