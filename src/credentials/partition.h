/* Amazon's partitions: which domain a region's services are in. */
#ifndef CREDENTIALS_PARTITION_H
#define CREDENTIALS_PARTITION_H

/* amazonaws.com, amazonaws.com.cn, ... */
const char *partition_domain(const char *region);

#endif
