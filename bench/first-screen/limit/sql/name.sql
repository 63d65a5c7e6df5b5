SELECT '{"data":{"me":' || json_build_object('name', c.name) || '}}' FROM caller c
