"""Search rules of administrators: synonyms, placements, restrictions, margins. Searches heed them within a second."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from commands.batch import Outcome
from domain.catalog.rule import NoRule, PutRule, Rule, WithdrawRule
from domain.errors import LimitExceeded, NotFound
from projections.rules.projector import RULE_ROWS
from readapi.edge.etags import expected_version
from readapi.edge.ids import require_id
from readapi.edge.openapi import IF_MATCH, OPTIONAL_KEY, problem_responses, taking
from readapi.edge.principal import AdminPrincipal
from readapi.merchandising import RULES_MAX
from writeapi.bodies.replies import REPLIES, RuleReply
from writeapi.bodies.rules import RuleBody
from writeapi.requests import (
    carry_out,
    command_reply,
    context_of,
    execute,
    fresh_id,
    once,
    optional_key,
    services_of,
)

router = APIRouter(tags=["search rules"])
PATH = "/api/admin/search/rules"


@router.post(
    PATH,
    status_code=201,
    summary="Make a search rule",
    responses={201: {"model": RuleReply}, **problem_responses("unauthenticated", "forbidden")},
    openapi_extra=taking(OPTIONAL_KEY),
)
async def create_rule(request: Request, body: RuleBody, principal: AdminPrincipal) -> Response:
    """Searches heed it within a second, without any product being indexed anew."""
    services = services_of(request)
    key = await optional_key(request, principal.account_id)

    def render(outcome: Outcome) -> Response:
        return rule_reply(outcome, 201)

    async def made() -> Response:
        if await services.views.count(RULE_ROWS.name, "all", "") >= RULES_MAX:
            raise LimitExceeded(f"at most {RULES_MAX} rules; withdraw one first", limit=RULES_MAX)
        context = context_of(request, principal.account_id)
        command = PutRule(fresh_id("rule", context.at), body.terms())
        return await carry_out(request, command, context, render, key=key)

    return await once(request, key, made)


@router.put(
    PATH + "/{rule_id}",
    summary="Change a search rule",
    responses={200: {"model": RuleReply}, **REPLIES},
    openapi_extra=taking(IF_MATCH),
)
async def change_rule(request: Request, rule_id: str, body: RuleBody, principal: AdminPrincipal) -> Response:
    """The whole rule; its kind stays."""
    await _require_rule(request, rule_id)
    context, expected = context_of(request, principal.account_id), expected_version(request)
    command = PutRule(rule_id, body.terms())
    return await execute(request, command, context, rule_reply, expected_version=expected)


@router.delete(
    PATH + "/{rule_id}",
    summary="Withdraw a search rule",
    responses={200: {"model": RuleReply}, **REPLIES},
    openapi_extra=taking(IF_MATCH),
)
async def withdraw_rule(request: Request, rule_id: str, principal: AdminPrincipal) -> Response:
    """For good."""
    await _require_rule(request, rule_id)
    context = context_of(request, principal.account_id)
    expected = expected_version(request)
    return await execute(request, WithdrawRule(rule_id), context, rule_reply, expected_version=expected)


async def _require_rule(request: Request, rule_id: str) -> None:
    state: Rule = await services_of(request).engine.state(require_id("rule", rule_id, "rule"))
    if isinstance(state, NoRule):
        raise NotFound("no such rule")


def rule_reply(outcome: Outcome, status: int = 200) -> Response:
    headers = {"Location": f"{PATH}/{outcome.stream}"} if status == 201 else None
    body = {"ruleId": outcome.stream}
    return command_reply(body, position=outcome.position, version=outcome.version, status=status, headers=headers)
