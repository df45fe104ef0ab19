"""The words that names are told by: known files, words that only look like paths, languages."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


KNOWN_NAMES: Final = _words(
    """
    Dockerfile dockerfile Containerfile Makefile makefile GNUmakefile Justfile justfile Taskfile
    Procfile Rakefile Gemfile Vagrantfile Jenkinsfile Brewfile Podfile Fastfile Appfile Caddyfile
    Tiltfile Earthfile Snakefile Pipfile SConstruct SConscript wscript LICENSE LICENCE COPYING
    README CHANGELOG AUTHORS CONTRIBUTORS CODEOWNERS OWNERS Kconfig Kbuild gradlew mvnw
    """
)
"""Names of files that have no extension; in this spelling only, since most are words too."""

NOT_PATHS: Final = _words(
    """
    and/or i/o n/a ci/cd tcp/ip a/b w/o c/c++ input/output client/server before/after yes/no true/false
    on/off read/write get/post os/2 either/or he/she pros/cons todo/done
    asp.net vb.net ado.net os.path os.environ sys.path sys.argv sys.exit sys.stdin sys.stdout
    """
)
"""Words that have the shape of a path and are none, case-folded."""

PRODUCTS: Final = _words(
    "Node.js Next.js Vue.js Nuxt.js React.js Express.js Three.js D3.js Alpine.js Ember.js Socket.io Socket.IO"
)
"""Names of products; in lower case they may be files."""

SYSTEM_ROOTS: Final = _words(
    """
    etc usr var tmp home root opt bin sbin dev proc sys mnt srv lib boot Users private
    """
)
"""First folders of absolute paths; any other path with a leading slash may be a route."""

CODE_NAMES: Final = _words("self this cls")
"""Names before a dot that make the whole an expression, unless a usual ending of a file follows."""

MEDIA_TYPES: Final = _words("application audio font image multipart text video")
"""First halves of media types, which fences bear as a language."""

SHELLS: Final = _words(
    """
    sh bash shell zsh fish ksh csh console terminal shell-session shellsession sh-session bash-
    session powershell pwsh ps1 posh cmd bat batch dos doscon
    """
)
"""Languages of fences that hold commands."""

MARKDOWN: Final = _words(
    """
    markdown md gfm mdx commonmark qmd rmd
    """
)
"""Languages of fences that hold Markdown."""

CODE_SUFFIXES: Final = tuple(
    sorted(
        _words(
            """
    .py .pyi .js .jsx .ts .tsx .mjs .cjs .go .rs .java .kt .c .h .cc .cpp .hpp .cs .rb .php .swift .scala .sh
    .bash .sql .json .yaml .yml .toml .ini .cfg .xml .html .css .scss .tf .feature .gradle .proto dockerfile
    makefile
            """
        )
    )
)
"""Ends of paths, case-folded, of files that can never begin with a code fence."""
