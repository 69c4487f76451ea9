"""The tools as the official SDK serves them."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import mcp_types as types
from mcp.server import Server, ServerRequestContext
from pydantic import BaseModel

from app import logs
from app.api import faults
from app.api.problems import Problem
from app.mcp.tools import BY_NAME, TOOLS, Tool, given, worded
from app.service import Busy, NotReady, Service
from app.version import product_version
from app.wishes import wishes

log = logs.get(__name__)
INSTRUCTIONS = (
    "A second pair of eyes for mail to clients. Review a draft before it is sent, or a client's mail before "
    "it is answered; quote the article section when you explain a remark."
)
# Nothing is changed anywhere, and nothing beyond this service is reached.
_HINTS = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
Owner = Callable[[ServerRequestContext[Any, Any]], str]


@cache
def _listed() -> tuple[types.Tool, ...]:
    return tuple(
        types.Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=tool.takes.model_json_schema(),
            output_schema=tool.gives.model_json_schema(mode="serialization"),
            annotations=_HINTS,
        )
        for tool in TOOLS
    )


def build(shared: Service, owner: Owner) -> Server[Any]:
    """The server. `owner` tells whose preferences count for a call."""

    async def list_tools(_: Any, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=list(_listed()))

    async def call_tool(
        context: ServerRequestContext[Any, Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = BY_NAME.get(params.name)
        if tool is None:
            return _failed("There is no such tool.")
        return await _called(shared, tool, params.arguments or {}, owner(context))

    return Server(
        "tactline",
        title="Tactline",
        version=product_version(),
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


async def _called(shared: Service, tool: Tool, arguments: dict[str, Any], owner: str) -> types.CallToolResult:
    try:
        with shared.place() as engine:
            wished = await wishes(shared, owner)

            def work() -> tuple[BaseModel, str]:
                return tool.work(engine, given(tool, arguments), wished)

            answer, text = await shared.aside(work, placed=True)
    except Problem as problem:
        return _failed(worded(problem))
    except Busy:
        return _failed("The service has too much to do just now; try again in a moment.")
    except NotReady:
        return _failed("The service is still starting; try again in a moment.")
    except faults.EXPECTED as error:
        return _failed(worded(faults.problem(error)))
    except Exception as error:
        # The SDK would put the error's words into the answer and the log: they may quote the mail.
        logs.event(log, "unexpected error", level=40, error=error)
        return _failed("Something went wrong in the service. It is logged there, without the mail.")
    logs.event(log, "tool", kind=tool.name)
    content = json.loads(answer.model_dump_json(exclude_unset=True))
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=_speakable(text))], structured_content=content
    )


def _failed(words: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=words)], is_error=True)


def _speakable(text: str) -> str:
    """Without lone surrogates, which no transport can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
