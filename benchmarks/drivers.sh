# Sourced by benchmarks/seen and benchmarks/browsers: the browser, and what else can drive it, in .tools.
sh scripts/setup
sh scripts/unpack browser driver
unset PYTHONPATH PYTHONHOME VIRTUAL_ENV
[ -d .tools/drivers ] || .venv/bin/python -m pip install --quiet --target .tools/drivers playwright selenium
