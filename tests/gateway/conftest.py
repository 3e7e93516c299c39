from tests.doubles.gateway import base, carer, gateway, rasa, start_gateway  # noqa: F401  (fixtures)
