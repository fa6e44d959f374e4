"""Voltara's JSON: the answer of the first API and of the one that came with the redesign."""

from collections.abc import Callable
from typing import Any

from localworld.portal.bills import Bill
from localworld.portal.utilities import Utility


def answer(version: str, utility: Utility, bills: tuple[Bill, ...]) -> dict[str, Any]:
    """Give the billing history as a version of the API tells it."""
    return _ANSWERS[version](utility, bills)


def _first(utility: Utility, bills: tuple[Bill, ...]) -> dict[str, Any]:
    account = {"number": utility.account, "holder": utility.customer, "status": "active"}
    return {"status": "ok", "data": {"account": account, "bills": [_first_bill(utility, bill) for bill in bills]}}


def _first_bill(utility: Utility, bill: Bill) -> dict[str, Any]:
    return {
        "bill_id": bill.number,
        "issued_on": bill.issued.isoformat(),
        "period": {"from": bill.start.isoformat(), "to": bill.end.isoformat()},
        "due_date": bill.due.isoformat(),
        "amount_due": str(bill.amount),
        "currency": utility.currency,
        "meter": {
            "number": utility.meter,
            "reading": str(bill.reading),
            "unit": utility.unit,
            "usage": str(bill.usage),
        },
        "document_url": f"/{utility.name}/documents/{bill.number}.pdf",
    }


def _second(utility: Utility, bills: tuple[Bill, ...]) -> dict[str, Any]:
    return {
        "meta": {"apiVersion": "2", "pageSize": 25, "totalCount": len(bills)},
        "result": {
            "customerAccount": {"accountNumber": utility.account, "holderName": utility.customer, "state": "ACTIVE"},
            "statements": [_statement(utility, bill) for bill in bills],
        },
    }


def _statement(utility: Utility, bill: Bill) -> dict[str, Any]:
    return {
        "statementNumber": bill.number,
        "servicePeriod": {"startDate": bill.start.isoformat(), "endDate": bill.end.isoformat()},
        "issueDate": bill.issued.isoformat(),
        "charges": {"standing": str(bill.fixed), "energy": str(bill.energy), "taxes": str(bill.tax)},
        "totalAmountDue": str(bill.amount),
        "currencyCode": utility.currency,
        "paymentDueDate": bill.due.isoformat(),
        "meterReading": {
            "meterNumber": utility.meter,
            "readingValue": str(bill.reading),
            "unitOfMeasure": utility.unit,
            "consumption": str(bill.usage),
        },
        "links": {
            "self": f"/{utility.name}/statements/{bill.number}",
            "documentUrl": f"/{utility.name}/documents/{bill.number}.pdf",
        },
    }


_ANSWERS: dict[str, Callable[[Utility, tuple[Bill, ...]], dict[str, Any]]] = {"v1": _first, "v2": _second}
