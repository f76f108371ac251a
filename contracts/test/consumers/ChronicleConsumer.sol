// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @dev From Chronicle's documentation: it publishes no npm package.
interface IChronicle {
    function wat() external view returns (bytes32 wat);

    function read() external view returns (uint256 value);

    function readWithAge() external view returns (uint256 value, uint256 age);

    function tryRead() external view returns (bool isValid, uint256 value);

    function tryReadWithAge() external view returns (bool isValid, uint256 value, uint256 age);
}

/// @title Written to Chronicle's documented interface.
contract ChronicleConsumer {
    IChronicle private immutable _oracle;

    constructor(IChronicle oracle) {
        _oracle = oracle;
    }

    /// @notice Value of an amount, 18 decimals.
    function worth(uint256 amount) external view returns (uint256) {
        return (amount * _oracle.read()) / 1e18;
    }

    /// @notice The same, or 0 when there is no value of the last hour.
    function worthOrNothing(uint256 amount) external view returns (uint256) {
        (bool isValid, uint256 value, uint256 age) = _oracle.tryReadWithAge();
        return isValid && age + 1 hours > block.timestamp ? (amount * value) / 1e18 : 0;
    }
}
