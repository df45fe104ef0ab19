"""Projects for the JVM (Maven, Gradle) and .NET."""

from __future__ import annotations

import json
import re
from posixpath import basename, dirname
from typing import TYPE_CHECKING

from rolecall.llm.offline.delivery.project import Recipe, lowest, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.offline.delivery.project import Project

_PIN = "# TODO(rolecall): pin the image by its digest."
_NOTHING = "No program to start is described in it, so there is no image to write"


def jvm(project: Project) -> Recipe:
    """How a Maven or Gradle project is built, checked and started."""
    return _maven(project) if project.text("pom.xml") else _gradle(project)


def _maven(project: Project) -> Recipe:
    text = project.text("pom.xml")
    own = re.sub(
        r"<(parent|dependencies|dependencyManagement|build|profiles)>.*?</\1>", "", text, flags=re.DOTALL
    )
    artifact = _tag("artifactId", own) or project.workspace
    version = _tag("version", own)
    java = lowest(
        r"\d+",
        _tag(r"(?:maven\.compiler\.(?:release|target|source)|java\.version|release)", text).removeprefix(
            "1."
        ),
    )
    wrapped = bool(project.has("mvnw"))
    maven = "./mvnw --batch-mode" if wrapped else "mvn --batch-mode"
    jar = f"{_tag('finalName', text) or f'{artifact}-{version}'}.jar"
    starts = "spring-boot-maven-plugin" in text or _tag("mainClass", text) or "maven-shade-plugin" in text
    return Recipe(
        name=plain(artifact),
        dockerfile=_maven_image(java or "21", maven, jar, known=bool(java), wrapped=wrapped)
        if starts and version
        else None,
        setup=tuple(_java_setup(java, "maven")),
        commands=(("Test", f"{maven} verify"),),
        image=f"maven:3-eclipse-temurin-{java or '21'}",
        version=version,
        notes=() if starts and version else (_NOTHING,),
    )


def _maven_image(java: str, maven: str, jar: str, *, known: bool, wrapped: bool) -> str:
    base = f"eclipse-temurin:{java}-jdk" if wrapped else f"maven:3-eclipse-temurin-{java}"
    files = "COPY mvnw pom.xml ./\nCOPY .mvn ./.mvn\n" if wrapped else "COPY pom.xml ./\n"
    return (
        f"{'' if known else _UNKNOWN_JAVA}{_PIN}\nFROM {base} AS build\nWORKDIR /src\n{files}"
        f"RUN {maven} dependency:go-offline\nCOPY src ./src\nRUN {maven} package -DskipTests\n"
        f"\n{_PIN}\nFROM eclipse-temurin:{java}-jre\nWORKDIR /app\nCOPY --from=build "
        f"/src/target/{jar} app.jar\n"
        'USER 10001\nEXPOSE_HERE\nENTRYPOINT ["java", "-XX:MaxRAMPercentage=75", "-jar", "app.jar"]\n'
    )


def _gradle(project: Project) -> Recipe:
    name = project.has("build.gradle", "build.gradle.kts")
    text = project.text(name)
    found = re.search(
        r"(?:JavaLanguageVersion\.of\(|sourceCompatibility\s*=\s*\D{0,30}?|jvmToolchain\()[\"']?(\d+)", text
    )
    java = found.group(1) if found else ""
    wrapped = bool(project.has("gradlew"))
    gradle = f"{'./gradlew' if wrapped else 'gradle'} --no-daemon"
    boot = "org.springframework.boot" in text
    return Recipe(
        name=plain(project.workspace),
        dockerfile=_gradle_image(project, java or "21", gradle, name, known=bool(java)) if boot else None,
        setup=tuple(_java_setup(java, "gradle")),
        commands=(("Test", f"{gradle} check"), ("Build", f"{gradle} assemble")),
        image=f"gradle:8-jdk{java or '21'}",
        notes=() if boot else (_NOTHING,),
    )


def _gradle_image(project: Project, java: str, gradle: str, name: str, *, known: bool) -> str:
    wrapped = gradle.startswith("./")
    base = f"eclipse-temurin:{java}-jdk" if wrapped else f"gradle:8-jdk{java}"
    more = [
        file for file in ("settings.gradle", "settings.gradle.kts", "gradle.properties") if project.has(file)
    ]
    files = f"COPY {' '.join([*(['gradlew'] if wrapped else []), name, *more])} ./\n" + (
        "COPY gradle ./gradle\n" if wrapped else ""
    )
    return (
        f"{'' if known else _UNKNOWN_JAVA}{_PIN}\nFROM {base} AS build\nWORKDIR /src\n{files}"
        f"RUN {gradle} dependencies\nCOPY src ./src\nRUN {gradle} bootJar\n"
        f"\n{_PIN}\nFROM eclipse-temurin:{java}-jre\nWORKDIR /app\n"
        "# bootJar makes one archive.\nCOPY --from=build /src/build/libs/*.jar app.jar\n"
        'USER 10001\nEXPOSE_HERE\nENTRYPOINT ["java", "-XX:MaxRAMPercentage=75", "-jar", "app.jar"]\n'
    )


def _java_setup(java: str, manager: str) -> Iterator[str]:
    yield "      - uses: actions/setup-java@v4"
    yield "        with:"
    yield "          distribution: temurin"
    note = "" if java else " # TODO(rolecall): no file names a Java version."
    yield f'          java-version: "{java or "21"}"{note}'
    yield f"          cache: {manager}"


def _tag(pattern: str, text: str) -> str:
    found = re.search(rf"<{pattern}>\s*([^<\s$][^<]{{0,100}}?)\s*<", text)
    return found.group(1) if found else ""


def dotnet(project: Project) -> Recipe:
    """How a .NET solution is built, checked and started."""
    described = {path: project.texts.get(path, "") for path in project.named(r".*\.(?:cs|fs)proj")}
    apps = {path: text for path, text in described.items() if _starts(text)}
    every = "".join(described.values())
    version = lowest(r"(?<=>net)\d+\.\d+", every)
    pinned = bool(project.has("global.json"))
    path, text = next(iter(apps.items()), ("", ""))
    return Recipe(
        name=plain(basename(path or next(iter(described), project.workspace)).rpartition(".")[0]),
        dockerfile=_dotnet_image(project, path, text, version or "8.0", known=bool(version))
        if path
        else None,
        setup=(
            "      - uses: actions/setup-dotnet@v4",
            "        with:",
            "          global-json-file: global.json"
            if pinned
            else f'          dotnet-version: "{version or "8.0"}.x"',
        ),
        commands=(
            ("Install", "dotnet restore"),
            ("Lint", "dotnet format --verify-no-changes --no-restore"),
            ("Build", "dotnet build --no-restore --configuration Release"),
            ("Test", "dotnet test --no-build --configuration Release"),
        ),
        image=f"mcr.microsoft.com/dotnet/sdk:{version or '8.0'}",
        version=_tag("Version", text),
        notes=() if path else (_NOTHING,),
    )


def _starts(text: str) -> bool:
    return "Microsoft.NET.Test.Sdk" not in text and bool(
        re.search(r"Sdk=\"Microsoft\.NET\.Sdk\.(?:Web|Worker)\"|<OutputType>(?:Exe|WinExe)<", text)
    )


def _dotnet_image(project: Project, path: str, text: str, version: str, *, known: bool) -> str:
    runtime = "aspnet" if "Microsoft.NET.Sdk.Web" in text else "runtime"
    note = "" if known else "# TODO(rolecall): no file names a .NET version; name the one in use.\n"
    library = f"{_tag('AssemblyName', text) or basename(path).rpartition('.')[0]}.dll"
    folder = dirname(path) or "."
    shared = " ".join(
        file
        for file in ("global.json", "Directory.Build.props", "Directory.Packages.props")
        if project.has(file)
    )
    others = [
        other for other in project.named(r".*\.(?:cs|fs)proj") if basename(other) in text and other != path
    ]
    copies = "".join(f"COPY {other} {dirname(other) or '.'}/\n" for other in [path, *others])
    return (
        f"{note}{_PIN}\nFROM mcr.microsoft.com/dotnet/sdk:{version} AS build\nWORKDIR /src\n"
        f"{f'COPY {shared} ./{chr(10)}' if shared else ''}{copies}RUN dotnet restore {path}\nCOPY . .\n"
        f"RUN dotnet publish {folder} --configuration Release --no-restore --output /out\n"
        f"\n{_PIN}\nFROM mcr.microsoft.com/dotnet/{runtime}:{version}\nWORKDIR /app\nCOPY "
        "--from=build /out ./\n"
        f"USER 10001\nEXPOSE_HERE\nENTRYPOINT {json.dumps(['dotnet', library])}\n"
    )


_UNKNOWN_JAVA = "# TODO(rolecall): no file names a Java version; name the one in use.\n"
