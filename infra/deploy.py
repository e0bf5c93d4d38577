"""Deploy template.yaml into the local cloud. `scripts/deploy` does the same for AWS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .clients import REGION
from .packages import ROOT, contents, read_template
from .stacks import Stack

if TYPE_CHECKING:
    from .clients import Clients

__all__ = ["ACCOUNT", "ARTIFACTS", "ROOT", "STACK", "deploy", "read_template"]

STACK = "captionary"
ARTIFACTS = f"{STACK}-artifacts"
ACCOUNT = "000000000000"  # the local cloud's


def deploy(clients: Clients, pack: Path, parameters: dict[str, str], wheels: Path | None = None) -> dict[str, str]:
    """Bring the stack up to date with the working tree; its outputs by name.

    Args:
        pack: folder of the model pack that becomes the model layer.
        parameters: of the template.
        wheels: folder of the runtime layer, as layers/runtime/build.py makes it. Without one, the functions
            run in an environment that holds the wheels, and the layer is no more than the list of them.
    Raises:
        StartError: CloudFormation refused.
    """
    stack = Stack(STACK, ACCOUNT, REGION, ARTIFACTS, clients.s3, clients.cloudformation, clients.dynamodb, pause=0.1)
    template = read_template()
    # Served by the front door; what CloudFront would need is not looked at.
    return stack.put_up(template, contents(template, pack, wheels), {"Edge": "none", **parameters})
