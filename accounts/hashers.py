"""How secrets of programs are kept."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class MachineSecretHasher(PBKDF2PasswordHasher):
    """
    For client secrets, which are made by a machine with 256 bits of chance.

    Slow hashing protects what people can remember. Here it would only make every token request cost a tenth of a
    second of both cores.
    """

    algorithm = "pbkdf2_sha256_machine"
    iterations = 1000
