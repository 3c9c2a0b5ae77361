"""Which cells are sensitive, and what else must go so that nothing withheld can be worked out.

Belongs here: the rules on one cell (`primary`), the linear system (`system`), what can be worked out of it
(`intervals`) and what must be withheld for that (`complementary`). Does not belong here: which figures there are
(`stages.disclosed`).
"""
