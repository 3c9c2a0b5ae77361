"""What somebody outside can work out from the public files of a survey's releases.

Belongs here: reading published tables, writing down what adds up, asking how far each withheld number of firms could
be from the truth. Does not belong here: anything of disclosure control itself – what an attacker knows is written here
from the published files, so that both cannot be wrong in the same way.

`knowledge` reads the releases and writes the equations, `bounds` solves them, `differences`, `fits` and `again`
subtract what no equation is about, `networks`, `participation` and `programmes` ask what ties, participants and
programmes tell, `findings` says what came of it.
"""

from monitor.attack.finding import Finding
from monitor.attack.findings import Report, attack, beyond

__all__ = ["Finding", "Report", "attack", "beyond"]
