"""Customers over HTTP."""

import sqlite3
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query

from . import store
from .auth import Key
from .models import Customer, CustomerList, NewCustomer

# Handlers are async and query the database directly: that takes microseconds, and handing it to a
# thread takes longer.
app = FastAPI()


@app.get("/customers/{customer_id}", response_model=Customer)
async def retrieve(customer_id: str, key: Key) -> Any:
    customer = store.find(key, customer_id)
    if customer is None:
        raise HTTPException(404, "No such customer")
    return customer


@app.get("/customers", response_model=CustomerList)
async def page(
    key: Key,
    limit: Annotated[int, Query(ge=1, le=100)] = 25,
    cursor: Annotated[int, Query(ge=1)] = 2**53,
) -> Any:
    data, more = store.page(key, limit, cursor)
    return {
        "data": data,
        "has_more": more,
        "next_cursor": str(data[-1]["display_id"]) if more else None,
    }


@app.post("/customers", status_code=201, response_model=Customer)
async def create(new: NewCustomer, key: Key) -> Any:
    try:
        return store.create(key, new)
    except sqlite3.IntegrityError as error:
        raise HTTPException(409, "The slug is in use") from error
