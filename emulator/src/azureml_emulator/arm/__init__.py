"""Azure Resource Manager: subscriptions, resource groups, deployments, and the resources that a workspace leans on."""
