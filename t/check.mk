# The tests, all through prove.
#
#   make check         all of them; JOBTAIL_CHECK=fast is the same as
#   make check-fast    those that start no server: unit and guard
#   make tests         builds what they run
#
# MORE_TESTS adds files to "make check".

tests_fast = $(check_PROGRAMS) $(wildcard $(srcdir)/t/guard/*.t)
tests_all = $(tests_fast) $(wildcard $(srcdir)/t/sql/*.t) \
	$(wildcard $(srcdir)/t/e2e/*.t) $(wildcard $(srcdir)/t/demo/*.t) \
	$(MORE_TESTS)

run_prove = srcdir='$(srcdir)' top_srcdir='$(srcdir)' top_builddir=. \
	$(PROVE) --exec $(srcdir)/t/demo/run-test
here = $(patsubst ./%,%,$(1))

tests: all $(check_PROGRAMS)

check-local:
	$(run_prove) $(call here,$(tests_$(or $(JOBTAIL_CHECK),all)))

check-fast: tests
	$(run_prove) $(call here,$(tests_fast))

.PHONY: tests check-fast

# All of them, whoever writes the next one; not what npm has put there.
EXTRA_DIST += $(filter-out %/node_modules, $(wildcard $(addprefix \
	$(srcdir)/, t/demo/*.sh t/demo/*.t t/demo/run-test t/demo/timeline \
	t/demo/lib/Demo/*.pm t/lib/Jobtail/*.pm t/e2e/* t/guard/* t/sql/*)))
