"""OpenAPI from the code: every parameter, body, status and error that the routes declare, and no other."""

import pytest
import yaml

FASTAPI = '''
"""A shop."""

from enum import Enum
from typing import Annotated, Optional

from fastapi import APIRouter, Body, Cookie, Depends, FastAPI, File, Form, Header, HTTPException, Path, Query
from fastapi import Request, UploadFile, status
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, Field

from models import Owner

app = FastAPI(title="Shop: the API", version="1.2")
router = APIRouter(prefix="/stock")
oauth = OAuth2PasswordBearer(tokenUrl="/token")


class Kind(str, Enum):
    NEW = "new"
    USED = "used"


class Base(BaseModel):
    id: int


class Item(Base):
    """An item."""

    name: str = Field(..., min_length=1, max_length=40)
    price: float = Field(0.0, ge=0)
    kind: Kind = Kind.NEW
    note: Optional[str] = None
    sizes: dict[str, int] = Field(default_factory=dict)


def page(limit: int = Query(10, ge=1, le=100)):
    if limit == 13:
        raise HTTPException(400, "thirteen")
    return limit


def find(item_id):
    raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail=f"item {item_id} is gone")


@app.get("/items/{item_id}", response_model=Item, responses={418: {"description": "A teapot"}})
def read_item(
    item_id: int = Path(..., ge=1),
    q: str | None = None,
    x_trace: str = Header(None),
    session: str = Cookie(),
    fast: bool = False,
):
    """Read an item."""
    return find(item_id)


@app.post("/items", status_code=status.HTTP_201_CREATED)
async def create_item(item: Item, dry: bool = False, token: str = Depends(oauth)) -> Item:
    if item.price > 100:
        raise HTTPException(status_code=409, detail="too dear")


@app.get("/items")
def list_items(
    kind: Annotated[Kind, Query()],
    ids: Annotated[list[int], Query(max_length=5)] = [],
    p=Depends(page),
) -> list[Item]: ...


@app.delete("/items/{item_id}", status_code=204)
def delete_item(item_id: int) -> None: ...


@app.put("/login")
def login(username: str = Form(), remember: bool = Form(False)):
    return {"ok": True}


@app.put("/upload")
def upload(file: UploadFile, note: str = Form("x")): ...


@app.patch("/two")
def two(a: Item, n: Annotated[int, Body(ge=1)]): ...


@router.get("/{owner}")
def owners(owner: str, request: Request) -> Owner: ...


@app.get("/ping")
def ping():
    return {"up": True}


@app.get("/hidden", include_in_schema=False)
def hidden(): ...
'''
FLASK = """
from flask import Blueprint, abort, jsonify, redirect, request

notes = Blueprint("notes", __name__, url_prefix="/notes")


@notes.route("/<int:note_id>", methods=["GET", "DELETE"])
def note(note_id):
    if note_id > 10:
        abort(404, "no such note")
    if request.method == "DELETE":
        return "", 204
    return {"id": note_id, "name": "a"}


@notes.post("/")
def add():
    data = request.get_json()
    text = data["text"]
    tags = data.get("tags", [])
    size = request.args.get("size", 10, type=int)
    trace = request.headers.get("X-Trace")
    if not text:
        return jsonify(error="text is missing"), 400
    return jsonify(id=1, text=text), 201


@notes.get("/old")
def old():
    return redirect("/new")


@notes.post("/form")
def form():
    return {"name": request.form["name"]}
"""


@pytest.fixture
def document(project):
    def described(code, **more):
        shop = project({"api.py": code, **more})
        shop.ask("technical_writer", "api_reference", "api.py")
        return yaml.safe_load(shop.files["docs/api.openapi.yaml"])

    return described


@pytest.fixture
def shop(document):
    return document(
        FASTAPI,
        **{"models.py": "from pydantic import BaseModel\n\n\nclass Owner(BaseModel):\n    name: str\n"},
    )


def by_name(operation):
    return {item["name"]: item for item in operation["parameters"]}


def test_the_application_gives_title_and_version(shop):
    assert shop["info"] == {"title": "Shop: the API", "version": "1.2", "description": "A shop."}
    assert "/hidden" not in shop["paths"]


def test_a_status_code_of_the_decorator_is_the_success(shop):
    created = shop["paths"]["/items"]["post"]["responses"]
    gone = shop["paths"]["/items/{item_id}"]["delete"]["responses"]

    assert list(created) == ["201", "409", "422"]
    assert gone["204"] == {"description": "No content."}
    assert "200" not in gone


def test_query_path_header_and_cookie_parameters_stand_in_their_places(shop):
    operation = shop["paths"]["/items/{item_id}"]["get"]
    found = by_name(operation)

    assert found["item_id"] == {
        "name": "item_id",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
    assert (found["q"]["in"], found["q"]["required"]) == ("query", False)
    assert (found["x-trace"]["in"], found["x-trace"]["required"]) == ("header", False)
    assert (found["session"]["in"], found["session"]["required"]) == ("cookie", True)
    assert found["fast"]["schema"] == {"type": "boolean", "default": False}
    assert "requestBody" not in operation


def test_lists_in_queries_and_parameters_of_dependencies_are_query_parameters(shop):
    found = by_name(shop["paths"]["/items"]["get"])

    assert found["ids"]["schema"] == {
        "type": "array",
        "items": {"type": "integer"},
        "maxItems": 5,
        "default": [],
    }
    assert found["kind"]["schema"] == {"$ref": "#/components/schemas/Kind"}
    assert found["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 10}
    assert "400" in shop["paths"]["/items"]["get"]["responses"]


def test_models_are_bodies_and_their_fields_components(shop):
    body = shop["paths"]["/items"]["post"]["requestBody"]
    item = shop["components"]["schemas"]["Item"]

    assert body["required"] is True
    assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Item"}
    assert item["required"] == ["id", "name"]
    assert item["properties"]["name"] == {"type": "string", "minLength": 1, "maxLength": 40}
    assert item["properties"]["note"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert shop["components"]["schemas"]["Kind"] == {"type": "string", "enum": ["new", "used"]}
    assert shop["components"]["schemas"]["Owner"]["required"] == ["name"]


def test_several_body_parameters_are_the_fields_of_one_body(shop):
    schema = shop["paths"]["/two"]["patch"]["requestBody"]["content"]["application/json"]["schema"]

    assert schema["required"] == ["a", "n"]
    assert schema["properties"]["n"] == {"type": "integer", "minimum": 1}


def test_forms_and_uploads_have_their_media_types(shop):
    login = shop["paths"]["/login"]["put"]["requestBody"]["content"]["application/x-www-form-urlencoded"][
        "schema"
    ]
    upload = shop["paths"]["/upload"]["put"]["requestBody"]["content"]["multipart/form-data"]["schema"]

    assert login["required"] == ["username"]
    assert login["properties"]["remember"] == {"type": "boolean", "default": False}
    assert upload["properties"]["file"] == {"type": "string", "format": "binary"}
    assert set(upload["properties"]) == {"file", "note"}


def test_errors_are_those_the_code_raises_also_in_functions_it_calls(shop):
    found = shop["paths"]["/items/{item_id}"]["get"]["responses"]

    assert list(found) == ["200", "404", "418", "422"]
    assert found["404"]["description"] == "Item … is gone."
    conflict = shop["paths"]["/items"]["post"]["responses"]["409"]["content"]["application/json"]
    assert conflict["example"] == {"detail": "too dear"}
    assert conflict["schema"] == {"$ref": "#/components/schemas/Error"}


def test_a_route_without_parameters_is_not_said_to_refuse_them(shop):
    assert "422" not in shop["paths"]["/ping"]["get"]["responses"]


def test_security_schemes_are_named_and_required(shop):
    assert shop["components"]["securitySchemes"]["oauth"]["flows"]["password"]["tokenUrl"] == "/token"
    assert shop["paths"]["/items"]["post"]["security"] == [{"oauth": []}]
    assert "security" not in shop["paths"]["/items"]["get"]


def test_an_authorization_header_is_a_security_scheme_and_no_parameter(document):
    code = (
        "from fastapi import FastAPI, Header, HTTPException\napp = FastAPI()\n\n\n@app.get('/me')\n"
        "def me(authorization: str = Header()):\n    if not authorization.startswith('Bearer '):\n"
        "        raise HTTPException(401)\n"
    )
    found = document(code)

    assert found["components"]["securitySchemes"] == {"bearerAuth": {"type": "http", "scheme": "bearer"}}
    assert "parameters" not in found["paths"]["/me"]["get"]
    assert found["paths"]["/me"]["get"]["responses"]["401"]["description"] == "Unauthorized."


def test_flask_routes_have_what_their_bodies_read_and_send(document):
    paths = document(FLASK)["paths"]
    added = paths["/notes/"]["post"]

    assert list(added["responses"]) == ["201", "400"]
    assert added["responses"]["400"]["description"] == "Text is missing."
    assert by_name(added)["size"]["schema"] == {"type": "integer", "default": 10}
    assert by_name(added)["X-Trace"]["in"] == "header"
    assert added["requestBody"]["content"]["application/json"]["schema"]["required"] == ["text"]
    assert "302" in paths["/notes/old"]["get"]["responses"]
    form = paths["/notes/form"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert form["schema"]["required"] == ["name"]


def test_one_function_for_two_methods_answers_each_in_its_own_way(document):
    item = document(FLASK)["paths"]["/notes/{note_id}"]

    assert list(item["get"]["responses"]) == ["200", "404"]
    assert list(item["delete"]["responses"]) == ["204", "404"]
    assert item["get"]["operationId"] != item["delete"]["operationId"]
    assert item["get"]["parameters"][0]["schema"] == {"type": "integer"}


@pytest.mark.parametrize(
    "text", ["on", "a: b", "#1", "'\"", "ä\\n", "- x", "{x}", "null", "1.0", " x ", "*a", "%"]
)
def test_texts_of_every_kind_survive_the_yaml(document, text):
    code = f"from fastapi import FastAPI\napp = FastAPI(title={text!r}, version='1')\n\n\n@app.get('/x', tags=[{text!r}], summary={text!r})\ndef x(): ...\n"

    found = document(code)

    assert found["info"]["title"] == text
    assert found["paths"]["/x"]["get"]["tags"] == [text]
    assert found["paths"]["/x"]["get"]["summary"] == text
