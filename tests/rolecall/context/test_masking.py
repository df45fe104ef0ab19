"""Secrets inside of manifests: names stay, values do not; references stay whole."""

import time

import pytest

from rolecall.context.masking import masked
from rolecall.task import FileRef, TaskRequest

KEY = "sk-abcdef1234567890abcdef"
LEAKS = [
    f'"test": "API_KEY={KEY} jest"',
    f'"pre": "echo {KEY}"',
    "export DB_PASSWORD=hunter2",
    "  POSTGRES_PASSWORD: postgres",
    "- MYSQL_ROOT_PASSWORD=root",
    "password: 123456",
    "ENV TOKEN hunter2x",
    "curl --token s3cr3tt0ken https://example.org",
    "<password>hunter2</password>",
    "url: postgres://shop:hunter2@db/shop",
    "Authorization: Bearer abcdefgh12345678",
    "key: AKIAIOSFODNN7EXAMPLE",
    "STRIPE_SECRET_KEY ?= hunter2",
    r'"a": "curl -H \"X-Api-Key: hunter2\""',
    "client-secret = 'x y hunter2'",
    "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/hunter2",
    "${POSTGRES_PASSWORD:-hunter2}",
    "export DB_PASS = hunter2",
    'credentials { password "hunter2" }',
    'command: ["redis-server", "--requirepass", "hunter2"]',
    "- name: API_KEY\n  value: hunter2",
    '{"name": "DB_PASSWORD", "value": "hunter2"}',
    "aws configure set aws_secret_access_key hunter2",
    "env:\n  API_KEY: |\n    hunter2\n  X: 1\n",
    "  SIGNING_KEY: >-\n    hunter2\n\n    hunter2",
    "curl -s -u admin:hunter2 https://example.org",
    "curl --user admin:hunter2 https://example.org",
    "docker login -u me -p hunter2",
    "sshpass -p hunter2 ssh host",
    "mysqldump -u root -phunter2 shop",
    "machine example.org login me password hunter2",
    "git+https://hunter2hunter2@example.org/x",
    "https://hunter2hunter2:x-oauth-basic@example.org/x",
    "Authorization: token hunter2",
    "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
]
KEPT = [
    '"jsonwebtoken": "^9.0.0"',
    "tokenizers==0.15.0",
    "id-token: write",
    "persist-credentials: false",
    "token: ${{ secrets.GITHUB_TOKEN }}",
    "API_KEY: ${API_KEY}",
    "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?}",
    "POSTGRES_PASSWORD_FILE: /run/secrets/password",
    "secrets:\n  - db_password",
    "type: password",
    "max_token: 4096",
    "git clone git@github.com:x/y",
    "skeleton-loading-component",
    "NPM_TOKEN=$NPM_TOKEN npm publish",
    "docker login --password-stdin",
    "docker run -u 1000:1000 -p 8080:80 shop",
    "docker login -u me -p $TOKEN",
    "curl -u admin:$PASSWORD https://example.org",
    "mysql -u root --protocol tcp -p",
    "- name: API_KEY\n  value: $(API_KEY)",
    "- name: API_KEY\n  valueFrom:\n    secretKeyRef: {name: shop, key: token}",
    "- name: PORT\n  value: 8080",
    "X: |\n  one\n  two\n",
    "https://user@example.org/x",
    "Authorization: Bearer $TOKEN",
    "bypass: always",
    "git clone https://github.com/x/y@v1",
]


@pytest.mark.parametrize("text", LEAKS)
def test_a_value_that_is_a_secret_is_masked_and_its_name_stays(text):
    shown = masked(text)

    assert "***" in shown
    assert not any(
        secret in shown for secret in ("hunter2", KEY, "postgres\n", "123456", "AKIA", "s3cr3t", "12345678")
    )
    assert shown.split()[0][:4] == text.split()[0][:4] or shown == "***"


@pytest.mark.parametrize("text", KEPT)
def test_references_versions_and_words_are_kept(text):
    assert masked(text) == text


@pytest.mark.parametrize(
    "text", ["def login(password: str, token=None):", 'token = request.headers["x"]', "password = getpass()"]
)
def test_names_in_code_are_no_secrets(text):
    assert masked(text, code=True) == text


def test_a_literal_in_code_is_masked():
    assert masked('SECRET_KEY = "dev"', code=True) == 'SECRET_KEY = "***"'


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "-",
        "token ",
        "password=",
        "://a:",
        "sk-",
        "eyJ",
        "token:  ",
        "-----BEGIN PRIVATE KEY-----",
        "Bearer ",
        "curl ",
        "curl -u a",
        "login -p",
        "mysql ",
        "set token",
        "name: token\n",
        "token: |\n \n",
        "https://a1a1a1a1a1",
        "authorization: token ",
        '"--password" ,',
    ],
)
def test_hostile_text_costs_little_time(part):
    begun = time.process_time()

    masked(part * (262_144 // len(part)))

    assert time.process_time() - begun < 2


FILES = {
    "package.json": '{"name": "web", "scripts": {"test": "API_KEY='
    + KEY
    + ' jest"}, "devDependencies": {"jest": "^29"}}',
    "compose.yaml": "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: hunter2\n",
    "Makefile": "deploy:\n\tDEPLOY_TOKEN=hunter2 ./deploy\n",
    ".github/workflows/ci.yml": "env:\n  NPM_TOKEN: hunter2\n",
    "Procfile": "web: DB_PASSWORD=hunter2 node app.js\n",
    "app.js": "export const one = 1;\n",
}


@pytest.mark.parametrize(
    "request_",
    [TaskRequest("devops_engineer", "ci"), TaskRequest("qa_engineer", "tests", "", FileRef("app.js"))],
)
def test_no_key_in_a_manifest_reaches_a_prompt(place, request_):
    prompt = place(FILES).compose(request_).prompt

    assert KEY not in prompt.user
    assert "hunter2" not in prompt.user
    assert "API_KEY=***" in prompt.user


def test_a_manifest_the_user_names_is_shown_byte_for_byte(place):
    prompt = place(FILES).compose(TaskRequest("developer", "refactor", "", FileRef("package.json"))).prompt

    assert FILES["package.json"] in prompt.user
