"""Which files count as secrets by their names, and which are ordinary work about them."""

import os

import pytest

from rolecall.errors import PathRefused
from rolecall.workspace.documents import Documents
from rolecall.workspace.folder import Workspace
from rolecall.workspace.policy import PathPolicy
from rolecall.workspace.secret_names import is_secret

SECRET = """
    .env .env.example deploy/.ENV.local .envrc prod.env .dev.vars local.settings.json
    credentials.py src/credentials.py secrets.py secrets.ts secret.js Secrets.swift local_secrets.py secrets.prod.ts
    _secrets.py credentials.json credentials.yml.enc db-credentials.yaml client_secret_123.json .secrets.toml creds.ini
    passwords.txt PASSWORDS.CSV passwords.md password.txt passwd secret secrets .credentials
    kubeconfig kubeconfig-prod.yaml prod.kubeconfig .kube/config .docker/config.json .dockerconfigjson
    tls/server.key cert.pem app.p12 signing.jks debug.keystore vault.kdbx id_rsa id_rsa.old keys/id_ed25519.pub .ssh/config
    .aws/credentials .config/gcloud/x.db google-service-account-prod.json firebase-adminsdk-1.json
    .netrc _netrc .npmrc .pypirc .git-credentials .pgpass .htpasswd auth.json token.json .token access_token.txt
    api_keys.json apikey.txt private_key.txt aws_secret_access_key.txt .vault-token vault_pass.txt vault.yml .bash_history
    terraform.tfvars prod.auto.tfvars.json terraform.tfstate terraform.tfstate.backup
    secrets/db.txt k8s/secret.yaml credentials.json.bak .env~ server.key.orig .secrets.py.swp
""".split()  # noqa: SIM905 - a hundred names read better so
ORDINARY = """
    password_reset.py secretary.py test_credentials.py credentials_controller.rb secret_santa.py passwd_test.go
    key.py keys.ts tokens.py tokenizer.json design-tokens.json auth.py auth_tokens.py password.py Password.java vault.py
    src/secrets/manager.py app/credentials/__init__.py docs/secrets.md docs/passwordless.md
    environment.py env.ts environment.yml config.json .config/app.json package.json main.tf variables.tf
    monkey.md keyboard.json locales/keys.json public_key.py secretariat.txt history.txt known.txt
""".split()  # noqa: SIM905 - a hundred names read better so


@pytest.mark.parametrize("path", SECRET)
def test_a_file_named_like_a_secret_is_one(path):
    assert is_secret(path)


@pytest.mark.parametrize("path", ORDINARY)
def test_a_file_that_is_about_secrets_is_none(path):
    assert not is_secret(path)


@pytest.fixture
def documents(tmp_path):
    root = tmp_path / "project"
    (root / "deploy").mkdir(parents=True)
    workspace = Workspace.named(root)
    return root, Documents(workspace, PathPolicy(workspace))


@pytest.mark.parametrize("path", ["credentials.py", "secrets.ts", "kubeconfig", "deploy/passwords.txt"])
def test_a_secret_that_the_user_names_is_refused_and_told_why(documents, path):
    root, reader = documents
    (root / path).write_text("TOKEN = 'x'\n")

    with pytest.raises(PathRefused, match="secrets, which never go to a model") as refused:
        reader.read_for_context(path)

    assert path in refused.value.message
    assert "rename" in refused.value.hint
    assert path not in reader.list()


def test_a_hard_link_does_not_give_a_secret_an_innocent_name(documents):
    root, reader = documents
    (root / ".gitignore").write_text(".env\n")
    (root / "deploy" / ".env").write_text("TOKEN=x\n")
    os.link(root / "deploy" / ".env", root / "notes.txt")

    with pytest.raises(PathRefused, match="secrets"):
        reader.read_for_context("notes.txt")


def test_other_hard_links_are_read(documents):
    root, reader = documents
    (root / "a.txt").write_text("text\n")
    (root / "deploy" / ".env").write_text("TOKEN=x\n")
    os.link(root / "a.txt", root / "b.txt")

    assert reader.read_for_context("b.txt").text == "text\n"
