"""What the DevOps engineer makes without a model, from each kind of project's own manifests."""

import json
import shlex

import pytest
import yaml

from grading import containers, pipelines

APP = "from flask import Flask\n\napp = Flask(__name__)\n"
UV = '[project]\nname = "meter"\nversion = "1.2"\nrequires-python = ">=3.12"\n[project.scripts]\nmeter = "meter:main"\n[dependency-groups]\ndev = ["pytest", "ruff"]\n'
BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
POETRY = '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\npython = "^3.11"\n[tool.poetry.group.dev.dependencies]\npytest = "^8"\n[tool.poetry.scripts]\nshop = "shop:main"\n'
EXTRAS = '[project]\nname = "demo"\nrequires-python = ">=3.11"\n[project.optional-dependencies]\ntest = ["pytest"]\ndocs = ["sphinx"]\n'
GO = "module example.org/acme/gate\n\ngo 1.23.4\n"
CARGO = '[package]\nname = "tally"\nversion = "0.3.0"\nrust-version = "1.75"\n'
POM = "<project><artifactId>till</artifactId><version>2.1</version><properties><java.version>21</java.version></properties><build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>"
WEB = '<Project Sdk="Microsoft.NET.Sdk.Web"><PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>'
TESTS = '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup><ItemGroup><PackageReference Include="Microsoft.NET.Test.Sdk" /></ItemGroup></Project>'


def package(**more):
    return json.dumps(
        {"name": "links", "scripts": {"start": "node src/server.js", "test": "jest", "build": "tsc"}, **more}
    )


NODE = {"src/server.js": "createServer().listen(process.env.PORT ?? 3000);\n", "src/index.ts": ""}
PROJECTS = {
    "uv": {"pyproject.toml": UV, "uv.lock": "version = 1\n", ".python-version": "3.13\n", "meter.py": "def main(): ...\n"},
    "uv_packaged": {"pyproject.toml": UV + BUILD, "uv.lock": "version = 1\n", "src/meter/__init__.py": ""},
    "poetry": {"pyproject.toml": POETRY, "poetry.lock": "", "shop.py": ""},
    "pdm": {"pyproject.toml": EXTRAS + "[tool.pdm]\n", "pdm.lock": "", "app.py": 'if __name__ == "__main__":\n    pass\n'},
    "pipenv": {"Pipfile": "", "Pipfile.lock": "{}", "Procfile": "web: gunicorn app:app --bind 0.0.0.0:8000\n", "app.py": APP},
    "pip": {"requirements.txt": "flask\ngunicorn\n", "requirements-dev.txt": "pytest\n", "app.py": APP, "tests/test_app.py": "def test_a(): ..."},
    "pip_extras": {"pyproject.toml": EXTRAS, "src/demo/__init__.py": "", "src/demo/__main__.py": "", "tests/test_a.py": "def test_a(): ..."},
    "npm": {"package.json": package(engines={"node": ">=20"}), "package-lock.json": "{}", **NODE},
    "npm_unlocked": {"package.json": package(), **NODE},
    "pnpm": {"package.json": package(packageManager="pnpm@9.12.0"), "pnpm-lock.yaml": "", ".nvmrc": "v22.3.0\n", **NODE},
    "yarn": {"package.json": package(), "yarn.lock": "", ".nvmrc": "lts/iron\n", **NODE},
    "yarn_berry": {"package.json": package(packageManager="yarn@4.5.0"), "yarn.lock": "", ".yarnrc.yml": "", **NODE},
    "bun": {"package.json": package(), "bun.lock": "", **NODE},
    "site": {"package.json": '{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "^6"}}', "package-lock.json": "{}", "index.html": "", "src/a.ts": ""},
    "go": {"go.mod": GO, "go.sum": "", "cmd/gate/main.go": 'func main() { http.ListenAndServe(":8081", nil) }\n'},
    "go_two": {"go.mod": GO, "cmd/gate/main.go": "", "cmd/admin/main.go": ""},
    "rust": {"Cargo.toml": CARGO, "Cargo.lock": "", "src/main.rs": "fn main() {}\n", "src/lib.rs": ""},
    "rust_bin": {"Cargo.toml": CARGO, "src/bin/report.rs": "fn main() {}\n", "src/lib.rs": ""},
    "maven": {"pom.xml": POM, "src/main/java/App.java": ""},
    "gradle": {"build.gradle": "plugins { id 'org.springframework.boot' version '3.4' }\njava { toolchain { languageVersion = JavaLanguageVersion.of(21) } }\n", "gradlew": "", "gradle/wrapper/gradle-wrapper.properties": "", "settings.gradle": "", "src/main/java/App.java": ""},
    "dotnet": {"App.sln": "", "src/App/App.csproj": WEB, "src/App/Program.cs": "", "tests/App.Tests/App.Tests.csproj": TESTS},
}  # fmt: skip
LIBRARIES = {
    "rust": {"Cargo.toml": CARGO, "src/lib.rs": ""},
    "go": {"go.mod": GO, "gate.go": "package gate\n"},
    "node": {"package.json": '{"name": "lib", "main": "index.js"}', "index.js": "module.exports = 1;\n"},
    "maven": {
        "pom.xml": "<project><artifactId>lib</artifactId><version>1</version></project>",
        "src/A.java": "",
    },
    "dotnet": {"L.csproj": '<Project Sdk="Microsoft.NET.Sdk"></Project>', "A.cs": ""},
}


def commands(work, job="test"):
    pipeline = yaml.safe_load(work.files[".github/workflows/ci.yml"])
    return [step["run"] for step in pipeline["jobs"][job]["steps"] if "run" in step]


@pytest.mark.parametrize("name", PROJECTS)
def test_an_image_builds_from_what_is_there_and_runs_as_nobody(project, name):
    work = project(PROJECTS[name])

    answer = work.ask("devops_engineer", "container")

    text = work.files["Dockerfile"]
    stages = [line.split()[1] for line in text.splitlines() if line.startswith("FROM ")]
    assert containers.problems(text, work.files) == []
    assert len(stages) == 2
    assert all(":" in stage and not stage.endswith(":latest") for stage in stages)
    assert int(text.rpartition("\nUSER ")[2].split()[0]) > 0
    assert "EXPOSE_HERE" not in text
    assert "Nothing was built." in answer.summary_text()
    assert "Roll back" in answer.summary_text()


@pytest.mark.parametrize("name", PROJECTS)
def test_a_pipeline_installs_and_tests_with_the_projects_own_manager(project, name):
    work = project(PROJECTS[name])

    work.ask("devops_engineer", "ci")

    assert (
        pipelines.problems({path: text for path, text in work.files.items() if path.startswith(".github")})
        == []
    )
    job = yaml.safe_load(work.files[".github/workflows/ci.yml"])["jobs"]["test"]
    assert job["timeout-minutes"] == 15
    assert all(shlex.split(command) for command in commands(work))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("uv", "FROM python:3.13-slim"),
        ("uv", "RUN uv sync --locked --no-dev --no-install-project"),
        ("uv", 'CMD ["python", "-c", "from meter import main; raise SystemExit(main())"]'),
        ("uv_packaged", 'CMD ["meter"]'),
        ("poetry", "RUN poetry install --only main --no-root --no-interaction"),
        ("pdm", 'CMD ["python", "app.py"]'),
        ("pipenv", "RUN pipenv install --deploy"),
        ("pipenv", "EXPOSE 8000"),
        ("pip", 'CMD ["gunicorn", "app:app"]'),
        ("pip_extras", 'CMD ["python", "-m", "demo"]'),
        ("npm", "RUN npm ci"),
        ("npm", "EXPOSE 3000"),
        ("npm_unlocked", "RUN npm install"),
        ("pnpm", "FROM node:22.3.0-slim"),
        ("pnpm", "RUN npm install --global pnpm@9.12.0"),
        ("pnpm", "RUN pnpm install --frozen-lockfile"),
        ("yarn", "FROM node:iron-slim"),
        ("yarn", "RUN yarn install --frozen-lockfile"),
        ("yarn_berry", "RUN yarn install --immutable"),
        ("bun", "FROM oven/bun:1-slim"),
        ("site", "COPY --from=build /app/dist /usr/share/nginx/html"),
        ("go", 'RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/app ./cmd/gate'),
        ("go", "EXPOSE 8081"),
        ("go", "FROM golang:1.23.4"),
        ("go_two", "ARG COMMAND=./cmd/gate"),
        ("rust", "FROM rust:1.75-slim-bookworm"),
        ("rust", "RUN cargo build --release --locked --bin tally"),
        ("rust_bin", "RUN cargo build --release --bin report"),
        ("maven", "COPY --from=build /src/target/till-2.1.jar app.jar"),
        ("gradle", "RUN ./gradlew --no-daemon bootJar"),
        ("dotnet", "FROM mcr.microsoft.com/dotnet/aspnet:8.0"),
        ("dotnet", 'ENTRYPOINT ["dotnet", "App.dll"]'),
    ],
)  # fmt: skip
def test_the_image_says_what_the_manifests_say(project, name, line):
    work = project(PROJECTS[name])

    work.ask("devops_engineer", "container")

    assert any(own.startswith(line) for own in work.files["Dockerfile"].splitlines())


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("uv", ["uv sync --locked", "uv run ruff check .", "uv run pytest"]),
        ("poetry", ["poetry install --no-interaction", "poetry run pytest"]),
        ("pip", ["python -m pip install -r requirements.txt", "python -m pip install -r requirements-dev.txt", "python -m pytest"]),
        ("pip_extras", ['python -m pip install ".[test]"', "python -m pytest"]),
        ("npm", ["npm ci", "npm test", "npm run build"]),
        ("npm_unlocked", ["npm install", "npm test"]),
        ("pnpm", ["pnpm install --frozen-lockfile", "pnpm test", "pnpm run build"]),
        ("yarn", ["yarn install --frozen-lockfile", "yarn test", "yarn build"]),
        ("bun", ["bun install --frozen-lockfile", "bun run test"]),
        ("go", ["go vet ./...", "go test -race ./..."]),
        ("rust", ["cargo clippy --all-targets --locked -- -D warnings", "cargo test --locked"]),
        ("rust_bin", ["cargo test", "cargo build --release"]),
        ("maven", ["mvn --batch-mode verify"]),
        ("gradle", ["./gradlew --no-daemon check"]),
        ("dotnet", ["dotnet restore", "dotnet test --no-build --configuration Release"]),
    ],
)  # fmt: skip
def test_the_pipeline_calls_the_projects_commands(project, name, wanted):
    work = project(PROJECTS[name])

    work.ask("devops_engineer", "ci")

    called = commands(work)
    assert [command for command in called if command in wanted] == wanted


def test_a_runner_that_no_file_installs_is_installed_by_the_pipeline(project):
    work = project({"requirements.txt": "flask\n", "tests/test_a.py": "def test_a(): ...\n"})

    work.ask("devops_engineer", "ci")

    assert commands(work)[1:] == ["python -m pip install pytest", "python -m pytest"]


def test_targets_of_the_makefile_are_called_where_there_are_any(project):
    work = project({**PROJECTS["uv"], "Makefile": "lint:\n\tuv run ruff check\ntest:\n\tuv run pytest\n"})

    work.ask("devops_engineer", "ci")

    assert commands(work) == ["uv sync --locked", "make lint", "make test"]


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_library_gets_no_image(project, name):
    work = project(LIBRARIES[name])

    answer = work.ask("devops_engineer", "container")

    assert not answer.blocks
    assert "Nothing was run" in answer.summary_text()


def test_an_image_that_runs_as_root_gets_a_user_and_nothing_else_changes(project):
    before = 'FROM golang:1.23 AS build\nRUN go build -o /a .\n\nFROM scratch\nCOPY --from=build /a /a\nENTRYPOINT ["/a"]\n'
    work = project({"go.mod": GO, "main.go": "", "Dockerfile": before, ".dockerignore": ".git\n"})

    work.ask("devops_engineer", "container")

    assert work.files["Dockerfile"] == before.replace("ENTRYPOINT", "USER 10001\nENTRYPOINT")


WORKFLOW = "name: ci\non: [push]\njobs:\n  check:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n      - run: uv run pytest\n"


def test_an_existing_workflow_gets_what_it_lacks(project):
    work = project({**PROJECTS["uv"], ".github/workflows/ci.yml": WORKFLOW})

    work.ask("devops_engineer", "ci")

    pipeline = yaml.safe_load(work.files[".github/workflows/ci.yml"])
    assert pipeline["permissions"] == {"contents": "read"}
    assert pipeline["jobs"]["check"]["timeout-minutes"] == 15
    assert [step.get("run") for step in pipeline["jobs"]["check"]["steps"]] == [
        None,
        "uv run pytest",
        "uv run ruff check .",
    ]


def test_a_workflow_that_deploys_keeps_its_rights(project):
    text = WORKFLOW + "      - run: git push origin gh-pages\n"
    work = project({**PROJECTS["uv"], ".github/workflows/ci.yml": text})

    work.ask("devops_engineer", "ci")

    assert not {"permissions", "concurrency"} & yaml.safe_load(work.files[".github/workflows/ci.yml"]).keys()


def test_a_gitlab_pipeline_gets_a_job_beside_its_own(project):
    text = "stages: [check]\ntest:\n  stage: check\n  image: python:3.12-slim\n  script:\n    - pip install uv\n    - uv run pytest\n"
    work = project({**PROJECTS["uv"], ".gitlab-ci.yml": text})

    work.ask("devops_engineer", "ci")

    after = yaml.safe_load(work.files[".gitlab-ci.yml"])
    assert work.files[".gitlab-ci.yml"].startswith(text)
    assert after["lint"] == {
        "stage": "check",
        "image": "python:3.12-slim",
        "timeout": "15 minutes",
        "script": ["pip install uv", "uv run ruff check ."],
    }


DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: gate
  namespace: edge
spec:
  replicas: 1
  selector:
    matchLabels:
      app: gate
  template:
    metadata:
      labels:
        app: gate
    spec:
      containers:
        - name: gate
          image: registry.example/gate:4.2
          ports:
            - containerPort: 8081
"""


def test_existing_manifests_are_completed_and_keep_their_names(project):
    work = project({**PROJECTS["go"], "k8s/gate.yaml": DEPLOYMENT})

    answer = work.ask("devops_engineer", "kubernetes", instruction="Run three replicas.")

    written = {path: text for path, text in work.files.items() if path.startswith("k8s/")}
    deployment = yaml.safe_load(written["k8s/gate.yaml"])
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert written.keys() == {"k8s/gate.yaml", "k8s/service.yaml", "k8s/pod-disruption-budget.yaml"}
    assert pipelines.manifest_problems(written, ["Deployment", "Service", "PodDisruptionBudget"]) == []
    assert deployment["spec"]["replicas"] == 3
    assert container["image"] == "registry.example/gate:4.2"
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["livenessProbe"]["tcpSocket"] == {"port": 8081}
    for name in ("service", "pod-disruption-budget"):
        made = yaml.safe_load(written[f"k8s/{name}.yaml"])
        assert made["metadata"] == {"name": "gate", "namespace": "edge"}
    assert "kubectl rollout undo deployment/gate" in answer.summary_text()


def test_a_second_run_finds_nothing_more_to_add(project):
    work = project({**PROJECTS["go"], "k8s/gate.yaml": DEPLOYMENT})
    work.ask("devops_engineer", "kubernetes")
    before = dict(work.files)

    work.ask("devops_engineer", "kubernetes")

    assert work.files == before


def test_first_manifests_follow_the_image_and_the_code(project):
    work = project(
        {
            "Dockerfile": "FROM python:3.12-slim\nEXPOSE 8000\nUSER 1234\n",
            "app.py": '"""GET /healthz"""\nimport os\n\nos.environ["DB_PASSWORD"]\nos.environ.get("MODE")\n',
        }
    )

    work.ask("devops_engineer", "kubernetes")

    files = {path: text for path, text in work.files.items() if path.startswith("deploy/")}
    pod = yaml.safe_load(files["deploy/kubernetes/deployment.yaml"])["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pipelines.manifest_problems(files, ["Deployment", "Service", "PodDisruptionBudget"]) == []
    assert pod["securityContext"]["runAsUser"] == 1234
    assert container["ports"][0]["containerPort"] == 8000
    assert container["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert [list(entry["valueFrom"]) for entry in container["env"]] == [["secretKeyRef"], ["configMapKeyRef"]]


@pytest.mark.parametrize(
    "made", ['from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get("/carts")\ndef carts():\n    return []\n',
             'from __future__ import annotations\n\nfrom fastapi import FastAPI\n\napi = FastAPI()\n\n\n@api.get("/carts")\ndef carts():\n    return []\n']
)  # fmt: skip
def test_an_application_with_the_library_counts_and_times_its_requests(project, made):
    work = project({"requirements.txt": "flask\nfastapi\nprometheus-client\n", "app.py": made})

    work.ask("devops_engineer", "observability", "app.py")

    compile(work.files["app.py"], "app.py", "exec")
    assert "Histogram(" in work.files["app.py"]
    assert "`GET /carts`" in work.files["docs/observability.md"]
    rules = yaml.safe_load(work.files["deploy/alerts.yaml"])["groups"][0]["rules"]
    assert [rule["labels"]["severity"] for rule in rules] == ["page", "ticket"]
    assert all("http_requests_total" in rule["expr"] for rule in rules)


def test_without_a_metrics_library_none_is_added(project):
    work = project({"requirements.txt": "flask\n", "app.py": APP})

    work.ask("devops_engineer", "observability", "app.py")

    assert work.files["app.py"] == APP
    assert "TODO(rolecall): the metrics' names" in work.files["deploy/alerts.yaml"]


def test_terraform_without_a_backend_gets_one_for_its_provider(project):
    work = project(
        {
            "infra/main.tf": 'terraform {\n  required_version = "~> 1.9"\n}\n\nresource "google_storage_bucket" "a" {\n}\n'
        }
    )

    answer = work.ask("devops_engineer", "infrastructure")

    assert 'backend "gcs" {' in work.files["infra/main.tf"]
    assert (
        pipelines.terraform_problems(
            {path: text for path, text in work.files.items() if path.endswith(".tf")}
        )
        == []
    )
    assert "Nothing was planned or applied" in answer.summary_text()


@pytest.mark.parametrize("task", ["container", "ci", "kubernetes", "observability", "infrastructure"])
@pytest.mark.parametrize("text", ["[" * 30_000, "{", "\x00", ""])
def test_a_broken_manifest_is_no_project_and_no_fault(project, task, text, caplog):
    work = project(
        {"package.json": text, "Cargo.toml": text, "k8s/a.yaml": f"apiVersion: {text}", "README.md": ""}
    )

    answer = work.ask("devops_engineer", task)

    assert "could be made" not in answer.summary_text()
    assert "Nothing was" in answer.summary_text()


def test_a_readme_is_written_beside_a_manifest_that_nests_without_end(project, capfd):
    work = project({"package.json": "[" * 100_000, "pyproject.toml": "a = " + "[" * 100_000, "app.py": APP})

    work.ask("technical_writer", "readme", "app.py")

    assert "README.md" in work.files
    assert "Traceback" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("task", ["container", "ci", "kubernetes", "observability", "infrastructure"])
def test_words_that_are_not_followed_are_told(project, task):
    work = project(PROJECTS["uv"])

    answer = work.ask("devops_engineer", task, instruction="Sing a song.")

    assert "Without a model" in answer.summary_text()
