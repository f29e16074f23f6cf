/* Known by how the names of their regions begin. */
#include "credentials/partition.h"

#include "base/text.h"

static const struct {
	const char *begins, *domain;
} partitions[] = {
    {"cn-", "amazonaws.com.cn"},
    {"us-iso-", "c2s.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov"},
    {"us-isof-", "csp.hci.ic.gov"},
    {"eu-isoe-", "cloud.adc-e.uk"},
    {"eusc-", "amazonaws.eu"},
    {"", "amazonaws.com"}, /* us-gov- too */
};

const char *
partition_domain(const char *region)
{
	size_t i = 0;

	while (!text_has_prefix(
	    text_of(region), text_of(partitions[i].begins)))
		i++;
	return partitions[i].domain;
}
