"""API keys: found by their prefix and compared by their digest."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, HTTPException

from .database import connection

PREFIX_LENGTH = len("pivotal_") + 8
FIND = "SELECT workspace_id, digest FROM api_keys WHERE prefix = ? AND revoked_at IS NULL"


@dataclass(frozen=True, slots=True)
class ApiKey:
    prefix: str
    workspace_id: int


async def require_key(authorization: Annotated[str, Header()] = "") -> ApiKey:
    scheme, _, secret = authorization.partition(" ")
    prefix = secret[:PREFIX_LENGTH]
    row = connection.execute(FIND, (prefix,)).fetchone() if scheme.lower() == "bearer" else None
    digest = hashlib.sha256(secret.encode()).digest()
    if row is None or not hmac.compare_digest(digest, row["digest"]):
        raise HTTPException(401, "Invalid API key", headers={"WWW-Authenticate": "Bearer"})
    return ApiKey(prefix, row["workspace_id"])


Key = Annotated[ApiKey, Depends(require_key)]
