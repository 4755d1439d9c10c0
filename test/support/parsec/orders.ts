/** Graphs of `compareOrders`, of 250 vertices and in 4 orders, whose blocks by the reference's rules depend on the order. */
export const ORDERS_THAT_DIFFER = ['g17', 'g41', 'g139', 'g494', 'g564', 'g664', 'g826', 'g1181'] as const
